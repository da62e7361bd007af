output "statsd" {
  description = "Where metrics go, by UDP: statsd-exporter's host name and container id. Known once it is healthy."
  value       = { host = module.statsd_exporter.host, port = 9125, id = module.statsd_exporter.id }
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
  description = "Volumes that hold data: what they hold => name."
  value       = { prometheus = docker_volume.prometheus.name }
}
