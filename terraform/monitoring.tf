module "monitoring" {
  source = "./modules/monitoring"

  platform = local.platform
  images = {
    prometheus      = local.images.prometheus
    statsd_exporter = local.images.statsd_exporter
    node_exporter   = local.images.node_exporter
    grafana         = local.images.grafana
  }
  statsd_mapping         = file("${path.root}/../prometheus/statsd_mapping.yml")
  prometheus_config      = templatefile("${path.root}/../prometheus/prometheus.yml", local.prometheus_targets)
  metrics_retention      = var.metrics_retention
  grafana_admin_password = var.grafana_admin_password
  grafana_url            = local.urls.grafana
  ports                  = { prometheus = var.ports.prometheus, grafana = var.ports.grafana }
  limits                 = local.limits
  disks = merge(
    { airflow-db = module.airflow.database_volume },
    { for source in module.source : "source" => source.volume },
    { for warehouse in module.warehouse : "warehouse" => warehouse.volume },
    { for lake in module.lake : "lake" => lake.volume },
  )
}

locals {
  # What prometheus/prometheus.yml leaves open.
  prometheus_targets = {
    scrape_interval = var.scrape_interval
    statsd_exporter = "statsd-exporter:9102"
    prometheus      = "localhost:9090"
    lake            = var.external_lake == null ? "lake:9000" : ""
    redis           = "redis-exporter:9121"
    disks           = "node-exporter:9100"
    # What is elsewhere is watched there.
    postgres = concat(
      ["airflow-db-exporter:9187"],
      var.external_source == null ? ["source-exporter:9187"] : [],
      var.external_warehouse == null ? ["warehouse-exporter:9187"] : [],
    )
  }
}

module "grafana" {
  source = "./modules/grafana"

  prometheus_url = "http://prometheus:9090"
  warehouse = {
    host     = local.warehouse.host
    port     = local.warehouse.port
    database = local.warehouse.database
    user     = local.warehouse_roles.REPORTER_USER
    password = var.reporter_password
  }
  dashboards        = "${path.root}/../grafana/dashboards"
  alert_rules       = "${path.root}/../grafana/alert_rules.yml"
  slack_message     = "${path.root}/../grafana/slack_message.tmpl"
  slack_webhook_url = var.slack_webhook_url
  runbooks_url      = var.runbooks_url
  airflow_url       = local.urls.airflow

  depends_on = [module.monitoring]
}
