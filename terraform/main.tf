locals {
  repository = coalesce(var.repository_path, abspath("${path.root}/.."))

  # Who is reached where, from inside the platform's network.
  source    = coalesce(var.external_source, { host = "source", port = 5432, database = "bikes-store", user = "source_reader" })
  warehouse = coalesce(var.external_warehouse, { host = "warehouse", port = 5432, database = "warehouse" })
  lake      = coalesce(var.external_lake, { endpoint = "http://lake:9000", region = "us-east-1" })
  currency_api_url = coalesce(
    var.currency_api_url, "http://currency-api:8000/api/currencydata"
  )

  urls = {
    airflow    = "http://${var.docker_host_address}:${var.ports.airflow}"
    lake       = "http://${var.docker_host_address}:${var.ports.s3_console}"
    prometheus = "http://${var.docker_host_address}:${var.ports.prometheus}"
    grafana    = "http://${var.docker_host_address}:${var.ports.grafana}"
  }

  platform = {
    name         = var.name
    network      = docker_network.platform.name
    bind_address = var.bind_address
  }

  # What var.limits may name.
  services = [
    "airflow-db", "airflow-scheduler", "airflow-triggerer", "airflow-webserver", "airflow-worker", "currency-api",
    "grafana", "lake", "prometheus", "redis", "source", "statsd-exporter", "warehouse",
  ]
  limits = { for service in local.services : service => lookup(var.limits, service, { memory_mb = null, cpus = null }) }
}

resource "docker_network" "platform" {
  name = var.name
}

resource "docker_image" "pulled" {
  for_each = var.images

  name         = each.value
  keep_locally = true # other stacks of this machine may use it
}

locals {
  images = { for name, image in docker_image.pulled : name => image.image_id }
}
