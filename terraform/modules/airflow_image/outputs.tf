output "name" {
  description = "Name of the image."
  value       = docker_image.this.name
}

output "id" {
  description = "Id of the image."
  value       = docker_image.this.image_id
}
