output "name" {
  description = "Prefix of the containers' names."
  value       = var.name
}

output "urls" {
  description = "Where the pages are."
  value       = local.urls
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
