output "id" {
  description = "Id of the container. Known once the job has ended well."
  value       = docker_container.this.id
}
