output "name" {
  description = "Name of the container. Known once it is healthy."
  value       = docker_container.this.name
}

output "id" {
  description = "Id of the container, a new one when the container is replaced. Known once it is healthy."
  value       = docker_container.this.id
}

output "host" {
  description = "Host name on the platform's network. Known once the service is healthy."
  value       = docker_container.this.hostname
}

output "published" {
  description = "What the platform needs to know: its name in `limits`, what Prometheus reads. Waits for nothing."
  value = {
    name = local.kind
    scrape_targets = var.metrics == null ? [] : [
      { job = var.metrics.job, address = "${var.name}:${var.metrics.port}", path = var.metrics.path }
    ]
  }
}
