locals {
  # Each module publishes what belongs to it: its services, what Prometheus reads there, the volumes that hold data.
  # What is elsewhere is watched there.
  services = sort(concat(
    module.airflow.services, module.monitoring.services, [for api in module.currency_api : api.published.name],
    flatten([module.source[*].services, module.warehouse[*].services, module.lake[*].services]),
  ))
  scrape_targets = concat(
    module.airflow.scrape_targets, module.monitoring.scrape_targets,
    flatten([module.source[*].scrape_targets, module.warehouse[*].scrape_targets, module.lake[*].scrape_targets]),
  )
  volumes = merge(concat(
    [module.airflow.volumes, module.monitoring.volumes],
    module.source[*].volumes, module.warehouse[*].volumes, module.lake[*].volumes,
  )...)
}

module "monitoring" {
  source = "./modules/monitoring"

  platform          = local.platform
  secrets           = var.secrets
  prometheus        = "${path.root}/../prometheus"
  scrape_targets    = local.scrape_targets
  scrape_interval   = var.scrape_interval
  metrics_retention = var.metrics_retention
  disks             = local.volumes
  grafana_admin     = local.names.admin
  grafana_url       = local.urls.grafana
  ports             = { prometheus = var.ports.prometheus, grafana = var.ports.grafana }
}

module "dashboards_and_alerts" {
  source = "./modules/dashboards_and_alerts"

  prometheus_url = "http://prometheus:9090"
  warehouse = {
    host     = local.warehouse.host
    port     = local.warehouse.port
    database = local.warehouse.database
    user     = local.logins.reporter.REPORTER_USER
    password = local.logins.reporter.REPORTER_PASSWORD
    sslmode  = local.warehouse.sslmode
  }
  dashboards        = "${path.root}/../grafana/dashboards"
  alert_rules       = "${path.root}/../grafana/alert_rules.yml"
  slack_message     = "${path.root}/../grafana/slack_message.tmpl"
  slack_webhook_url = var.slack_webhook_url
  runbooks_url      = var.runbooks_url
  airflow_url       = local.urls.airflow
  rules_wait_for    = module.airflow.processes

  depends_on = [module.monitoring]
}
