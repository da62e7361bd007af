output "host" {
  description = "Host name on the platform's network. Known once the server is healthy."
  value       = module.service.host
}
