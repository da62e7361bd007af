output "processes" {
  description = "Names of the containers of Airflow's processes. Known once all are healthy."
  value       = concat([module.scheduler.name, module.webserver.name, module.triggerer.name], module.worker[*].name)
}

output "workers" {
  description = "Names of the workers' containers."
  value       = module.worker[*].name
}

output "services" {
  description = "Names of the services."
  value       = concat(module.database.services, local.services[*].name)
}

output "scrape_targets" {
  description = "What Prometheus reads here."
  value       = concat(module.database.scrape_targets, flatten(local.services[*].scrape_targets))
}

output "volumes" {
  description = "Volumes that hold data: what they hold => name. Known once the database has made its cluster."
  value       = module.database.volumes
}
