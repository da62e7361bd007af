output "name" {
  description = "Name of the container. Known once it is healthy."
  value       = docker_container.this.name
}

output "id" {
  description = "Id of the container: another one once it is made anew."
  value       = docker_container.this.id
}

output "host" {
  description = "Host name on the platform's network."
  value       = docker_container.this.hostname
}
