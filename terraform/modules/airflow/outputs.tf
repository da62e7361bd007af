output "workers" {
  description = "Names of the workers' containers."
  value       = module.worker[*].name
}

output "database_volume" {
  description = "Name of the volume that Airflow's own database is in. Known once the server has made its cluster there."
  value       = module.database.volume
}
