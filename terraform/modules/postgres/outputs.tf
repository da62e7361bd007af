output "host" {
  description = "Host name on the platform's network. Known once the server is healthy."
  value       = module.service.host
}

output "services" {
  description = "Names of the services."
  value       = local.services[*].name
}

output "scrape_targets" {
  description = "What Prometheus reads here."
  value       = flatten(local.services[*].scrape_targets)
}

output "volumes" {
  description = "Volumes that hold data: what they hold => name. Known once the server has made its cluster there."
  value       = { (var.name) = docker_volume.data.name }
  depends_on  = [module.service]
}
