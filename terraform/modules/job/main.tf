/**
 * A container that does one thing and ends. It runs again when its image or its environment changes; when it fails, so
 * does the apply, with its log.
 */

resource "docker_container" "this" {
  name     = "${var.platform.name}-${var.name}"
  hostname = var.name
  image    = var.image
  command  = var.command
  env      = [for name, value in var.env : "${name}=${value}"]
  restart  = "no"

  memory      = var.memory_mb
  memory_swap = var.memory_mb # without it the provider sees a difference in every plan

  attach        = true
  logs          = true
  must_run      = false
  security_opts = ["no-new-privileges:true"]
  log_driver    = "json-file"
  log_opts      = { "max-size" = "10m", "max-file" = "3" }

  capabilities {
    add  = []
    drop = ["ALL"]
  }

  networks_advanced {
    name    = var.platform.network
    aliases = [var.name]
  }

  dynamic "volumes" {
    for_each = var.volumes
    content {
      container_path  = volumes.value.container_path
      volume_name     = volumes.value.volume_name
      host_path       = volumes.value.host_path
      read_only       = volumes.value.read_only
      selinux_relabel = volumes.value.host_path == null ? null : "z" # or SELinux keeps containers out, as on Fedora
    }
  }

  lifecycle {
    postcondition {
      condition     = self.exit_code == 0
      error_message = <<-EOT
        ${var.name} failed (exit code ${coalesce(self.exit_code, -1)}). Its log:

        ${coalesce(self.container_logs, "(empty)")}

        When the cause is mended: `make up`, or `docker rm ${self.name}` and `terraform apply`.
      EOT
    }
  }
}
