output "name" {
  description = "Prefix of the containers' names."
  value       = var.name
}

output "pages" {
  description = "Where the pages are, and who logs in; passwords are in secrets.auto.tfvars."
  value = {
    airflow    = { url = local.urls.airflow, user = "admin" }
    grafana    = { url = local.urls.grafana, user = "admin" }
    prometheus = { url = local.urls.prometheus, user = null }
    lake       = { url = local.urls.lake, user = var.external_lake == null ? var.lake_root_user : null }
  }
}

output "endpoints" {
  description = "Where the parts are reached from this machine; logins are in secrets.auto.tfvars."
  value = {
    airflow   = local.urls.airflow
    source    = var.external_source == null ? { host = var.docker_host_address, port = var.ports.source, database = local.source.database } : { host = local.source.host, port = local.source.port, database = local.source.database }
    warehouse = var.external_warehouse == null ? { host = var.docker_host_address, port = var.ports.warehouse, database = local.warehouse.database } : { host = local.warehouse.host, port = local.warehouse.port, database = local.warehouse.database }
    lake = {
      url        = var.external_lake == null ? "http://${var.docker_host_address}:${var.ports.s3}" : local.lake.endpoint
      access_key = var.lake_access_key
    }
  }
}

output "buckets" {
  description = "Buckets of the lake."
  value       = one(module.lake[*].buckets)
}

output "dashboards" {
  description = "Grafana's dashboards, by file."
  value       = module.grafana.dashboards
}
