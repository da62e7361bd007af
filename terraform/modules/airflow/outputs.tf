output "workers" {
  description = "Names of the workers' containers."
  value       = module.worker[*].name
}
