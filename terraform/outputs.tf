output "name" {
  description = "Prefix of the containers' names."
  value       = var.name
}

output "docker_host" {
  description = "The variable docker_host; null: Docker's own choice."
  value       = var.docker_host
}

output "image" {
  description = "Name of Airflow's image."
  value       = module.airflow_image.name
}

output "pages" {
  description = "Where the pages are, and who logs in; passwords are in secrets.auto.tfvars.json."
  value = {
    airflow    = { url = local.urls.airflow, user = local.names.admin }
    grafana    = { url = local.urls.grafana, user = local.names.admin }
    prometheus = { url = local.urls.prometheus, user = null }
    lake       = { url = local.urls.lake, user = var.external_lake == null ? local.lake_root_user : null }
  }
}

output "endpoints" {
  description = "Where the parts are reached from this machine; logins are in secrets.auto.tfvars.json."
  value = {
    airflow    = local.urls.airflow
    prometheus = local.urls.prometheus
    # What is elsewhere is asked as the pipeline asks it: nobody else's login is known.
    source = {
      host     = var.external_source == null ? var.docker_host_address : local.source.host
      port     = var.external_source == null ? var.ports.source : local.source.port
      database = local.source.database
      user     = var.external_source == null ? local.names.superuser : local.source.user
      secret   = var.external_source == null ? "source_admin_password" : "source_reader_password"
      sslmode  = local.source.sslmode
    }
    warehouse = {
      host     = var.external_warehouse == null ? var.docker_host_address : local.warehouse.host
      port     = var.external_warehouse == null ? var.ports.warehouse : local.warehouse.port
      database = local.warehouse.database
      user     = var.external_warehouse == null ? local.names.superuser : "dbt"
      secret   = var.external_warehouse == null ? "warehouse_admin_password" : "dbt_password"
      sslmode  = local.warehouse.sslmode
    }
    lake = {
      url        = var.external_lake == null ? "http://${var.docker_host_address}:${var.ports.s3}" : local.lake.endpoint
      access_key = local.lake_access_key
    }
  }
}

output "services" {
  description = "Services that stay up: what `limits` may name."
  value       = local.services
  # Not a validation of the variable: the services get their limits from it, which would be a cycle.
  precondition {
    condition = length(setsubtract(keys(var.limits), local.services)) == 0
    error_message = join(" ", [
      "limits names no such service: ${join(", ", setsubtract(keys(var.limits), local.services))}.",
      "There are: ${join(", ", local.services)}.",
    ])
  }
}

output "buckets" {
  description = "Buckets of the lake; null when it is elsewhere."
  value       = one(module.lake[*].buckets)
}

output "dashboards" {
  description = "Uids of Grafana's dashboards, by file."
  value       = module.dashboards_and_alerts.dashboards
}
