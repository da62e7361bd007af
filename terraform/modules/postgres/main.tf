/**
 * A PostgreSQL server with its data in a named volume.
 */

locals {
  services = [module.service.published, module.exporter.published]
}

resource "docker_volume" "data" {
  name = "${var.platform.name}-${var.name}-data"
}

module "service" {
  source = "../service"

  platform = var.platform
  name     = var.name
  image    = var.platform.images.postgres
  # The entrypoint makes the data folder the server's, as root, and then becomes the server's user.
  capabilities = ["CHOWN", "DAC_OVERRIDE", "FOWNER", "SETGID", "SETUID"]
  command = [
    "postgres", "-c", "shared_buffers=${var.shared_buffers}", "-c", "max_wal_size=2GB",
    # Whatever zone the image is in, as in the demo.
    "-c", "timezone=UTC", "-c", "log_timezone=UTC",
    # Ends a statement whose client was killed.
    "-c", "client_connection_check_interval=5s",
  ]
  env = {
    POSTGRES_USER        = var.user
    POSTGRES_PASSWORD    = var.password
    POSTGRES_DB          = var.database
    MONITOR_PASSWORD     = var.secrets["monitor_password"]
    POSTGRES_INITDB_ARGS = "--auth=scram-sha-256 --encoding=UTF8 --locale=C.UTF-8"
  }
  ports = var.external_port == null ? [] : [{ internal = 5432, external = var.external_port }]
  volumes = [
    { container_path = "/var/lib/postgresql/data", volume_name = docker_volume.data.name },
  ]
  # PostgreSQL's image runs it once, when it makes the cluster.
  files = { "/docker-entrypoint-initdb.d/monitor.sql" = file("${path.module}/monitor.sql") }
  # By TCP: while the image sets the cluster up, its temporary server answers on the socket alone.
  healthcheck = {
    test    = ["CMD", "pg_isready", "-q", "-h", "127.0.0.1", "-U", var.user, "-d", var.database]
    retries = 24
  }
  stop_seconds = 60
}

# Its metrics, for Prometheus.
module "exporter" {
  source = "../service"

  platform = var.platform
  name     = "${var.name}-exporter"
  image    = var.platform.images.postgres_exporter

  read_only = true
  memory_mb = 128

  env = {
    DATA_SOURCE_URI  = "${module.service.host}:5432/${var.database}?sslmode=disable"
    DATA_SOURCE_USER = "monitor"
    DATA_SOURCE_PASS = var.secrets["monitor_password"]
  }
  healthcheck = {
    test    = ["CMD", "wget", "-q", "-O", "/dev/null", "http://127.0.0.1:9187/metrics"]
    retries = 24
  }
  metrics = { job = "postgres", port = 9187 }
}
