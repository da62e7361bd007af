output "host" {
  description = "Host name on the platform's network. Known once the server is healthy."
  value       = module.service.host
}

output "volume" {
  description = "Name of the volume that the data is in. Known once the server has made its cluster there."
  value       = docker_volume.data.name
  depends_on  = [module.service]
}
