/**
 * Metrics: statsd-exporter takes Airflow's, node-exporter sees to the disks, Prometheus keeps them, Grafana shows them.
 */

locals {
  services = [
    module.statsd_exporter.published,
    module.prometheus.published,
    module.node_exporter.published,
    module.grafana.published,
  ]

  # What prometheus.yml reads beside it.
  targets = [
    for target in var.scrape_targets : {
      targets = [target.address]
      labels = {
        job                 = target.job
        __metrics_path__    = target.path
        __scrape_interval__ = var.scrape_interval
      }
    }
  ]
}

module "statsd_exporter" {
  source = "../service"

  platform = var.platform
  name     = "statsd-exporter"
  image    = var.platform.images.statsd_exporter

  memory_mb = 256

  command = [
    "--statsd.mapping-config=/etc/statsd-exporter/mapping.yml", "--statsd.listen-udp=:9125", "--statsd.listen-tcp=",
    "--web.listen-address=:9102",
  ]
  files = { "/etc/statsd-exporter/mapping.yml" = file("${var.prometheus}/statsd_mapping.yml") }
  healthcheck = {
    test = ["CMD", "wget", "-q", "-O", "/dev/null", "http://127.0.0.1:9102/-/healthy"]
  }
  metrics = { job = "airflow", port = 9102 }
}

resource "docker_volume" "prometheus" {
  name = "${var.platform.name}-prometheus-data"
}

module "prometheus" {
  source = "../service"

  platform = var.platform
  name     = "prometheus"
  image    = var.platform.images.prometheus
  command = [
    "--config.file=/etc/prometheus/prometheus.yml", "--storage.tsdb.path=/prometheus",
    "--storage.tsdb.retention.time=${var.metrics_retention}",
  ]
  files = {
    "/etc/prometheus/prometheus.yml" = file("${var.prometheus}/prometheus.yml")
    "/etc/prometheus/targets.json"   = jsonencode(local.targets)
  }
  ports = [{ internal = 9090, external = var.ports.prometheus }]
  volumes = [
    { container_path = "/prometheus", volume_name = docker_volume.prometheus.name },
  ]
  healthcheck = {
    test    = ["CMD", "wget", "-q", "-O", "/dev/null", "http://127.0.0.1:9090/-/healthy"]
    retries = 24
  }
  metrics = { job = "prometheus", port = 9090 }
}

# The free space under the volumes, and nothing else of the Docker host.
module "node_exporter" {
  source = "../service"

  platform = var.platform
  name     = "node-exporter"
  image    = var.platform.images.node_exporter

  read_only = true
  memory_mb = 128

  command = [
    "--collector.disable-defaults", "--collector.filesystem",
    # What else is mounted is the container's own. Docker's storage may itself be of a type that is left out as a rule.
    "--collector.filesystem.mount-points-exclude=^/($|dev|proc|sys|etc)", "--collector.filesystem.fs-types-exclude=^$",
  ]
  volumes = [
    for name, volume in var.disks :
    { container_path = "/disks/${name}", volume_name = volume, read_only = true }
  ]
  healthcheck = {
    test = ["CMD", "wget", "-q", "-O", "/dev/null", "http://127.0.0.1:9100/metrics"]
  }
  metrics = { job = "disks", port = 9100 }
}

resource "docker_volume" "grafana" {
  name = "${var.platform.name}-grafana-data"
}

module "grafana" {
  source = "../service"

  platform = var.platform
  name     = "grafana"
  image    = var.platform.images.grafana
  env = {
    GF_SECURITY_ADMIN_USER                = var.grafana_admin
    GF_SECURITY_ADMIN_PASSWORD            = var.secrets["grafana_admin_password"]
    GF_SERVER_ROOT_URL                    = var.grafana_url
    GF_ANALYTICS_REPORTING_ENABLED        = "false"
    GF_ANALYTICS_CHECK_FOR_UPDATES        = "false"
    GF_ANALYTICS_CHECK_FOR_PLUGIN_UPDATES = "false"
    GF_USERS_ALLOW_SIGN_UP                = "false"
    GF_USERS_HOME_PAGE                    = "/d/bikes-store-platform" # is all well?
  }
  ports = [{ internal = 3000, external = var.ports.grafana }]
  volumes = [
    { container_path = "/var/lib/grafana", volume_name = docker_volume.grafana.name },
  ]
  healthcheck = {
    test    = ["CMD", "wget", "-q", "-O", "/dev/null", "http://127.0.0.1:3000/api/health"]
    retries = 24
  }
}
