/**
 * A container that stays up. What holds for every one of them is written here once: it is healthy before what needs it
 * starts, its ports are bound where the variable says, its log does not fill the disk.
 */

locals {
  kind   = coalesce(var.kind, var.name)
  limits = lookup(var.platform.limits, local.kind, { memory_mb = null, cpus = null })
  memory = local.limits.memory_mb == null ? var.memory_mb : local.limits.memory_mb
}

# The provider plans a changed healthcheck in place and then does not apply it: the container has to be replaced.
resource "terraform_data" "healthcheck" {
  input = var.healthcheck
}

# Nor does it take a limit of memory away from a container.
resource "terraform_data" "limited" {
  input = local.memory != null
}

resource "docker_container" "this" {
  name     = "${var.platform.name}-${var.name}"
  hostname = var.name
  image    = var.image
  command  = var.command
  env      = [for name, value in var.env : "${name}=${value}"]
  restart  = "unless-stopped"

  memory      = local.memory
  memory_swap = local.memory # without it the provider sees a difference in every plan
  cpus        = local.limits.cpus

  destroy_grace_seconds = var.stop_seconds
  stop_timeout          = var.stop_seconds
  wait                  = true
  wait_timeout          = var.start_seconds
  security_opts         = ["no-new-privileges:true"]
  read_only             = var.read_only
  log_driver            = "json-file"
  log_opts              = { "max-size" = "10m", "max-file" = "3" }

  capabilities {
    add  = [for name in var.capabilities : "CAP_${name}"] # in the form that the provider reads
    drop = ["ALL"]
  }

  healthcheck {
    test         = var.healthcheck.test
    interval     = var.healthcheck.interval
    timeout      = var.healthcheck.timeout
    start_period = var.healthcheck.start_period
    retries      = var.healthcheck.retries
  }

  networks_advanced {
    name    = var.platform.network
    aliases = [var.name]
  }

  dynamic "ports" {
    for_each = var.ports
    content {
      internal = ports.value.internal
      external = ports.value.external
      ip       = var.platform.bind_address
    }
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

  dynamic "upload" {
    for_each = var.files
    content {
      file    = upload.key
      content = upload.value
    }
  }

  lifecycle {
    replace_triggered_by = [terraform_data.healthcheck, terraform_data.limited]
  }
}
