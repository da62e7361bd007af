config {
  # Each module is looked at by itself (--recursive).
  call_module_type = "none"
}

plugin "terraform" {
  enabled = true
  preset  = "all"
}
