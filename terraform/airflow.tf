module "airflow_image" {
  source = "./modules/airflow_image"

  name                  = var.name
  context               = abspath("${path.root}/..")
  base                  = docker_image.pulled["base"].name
  extra_ca_certificates = var.extra_ca_certificates
  use_legacy_builder    = var.docker_host != null

  depends_on = [docker_network.platform] # so that a name that is taken is told before minutes of building
}

module "airflow" {
  source = "./modules/airflow"

  platform        = local.platform
  secrets         = var.secrets
  image           = module.airflow_image.id
  repository      = abspath("${path.root}/..")
  host_repository = local.repository
  url             = local.urls.airflow
  port            = var.ports.airflow
  admin           = local.names.admin
  database        = local.names.databases.airflow
  warehouse       = { host = local.warehouse.host, port = local.warehouse.port, database = local.warehouse.database }
  buckets         = local.names.lake.buckets
  statsd          = module.monitoring.statsd
  init = merge(local.logins.source_reader, local.logins.staging_loader, local.logins.dbt, {
    SOURCE_HOST         = local.source.host
    SOURCE_PORT         = local.source.port
    SOURCE_DATABASE     = local.source.database
    SOURCE_SSLMODE      = local.source.sslmode
    WAREHOUSE_SSLMODE   = local.warehouse.sslmode
    SOURCE_READER_USER  = local.source.user
    LAKE_ENDPOINT       = local.lake.endpoint
    LAKE_REGION         = local.lake.region
    LAKE_ACCESS_KEY     = local.lake_access_key
    LAKE_SECRET_KEY     = var.secrets["lake_secret_key"]
    LOG_RETENTION_DAYS  = var.log_retention_days
    BIKES_STORE_API_URL = local.currency_api_url
    SLACK_WEBHOOK_URL   = var.slack_webhook_url
  })
  env = merge(
    # What the DAGs' documentation links to.
    { BIKES_STORE_DASHBOARDS_URL = local.urls.grafana },
    var.runbooks_url == null ? {} : { BIKES_STORE_RUNBOOKS_URL = var.runbooks_url },
    var.openlineage == "" ? {} : {
      AIRFLOW__OPENLINEAGE__DISABLED = "False"
      AIRFLOW__OPENLINEAGE__TRANSPORT = (
        startswith(var.openlineage, "/")
        ? jsonencode({ type = "file", log_file_path = var.openlineage, append = true })
        : jsonencode({ type = "http", url = var.openlineage })
      )
    },
    # libpq compares a certificate with those in this file: the image's, with extra_ca_certificates. Not for "require",
    # which would compare too, once there is a file.
    anytrue([for mode in [local.source.sslmode, local.warehouse.sslmode] : startswith(mode, "verify-")]) ? {
      PGSSLROOTCERT = "/etc/ssl/certs/ca-certificates.crt"
    } : {},
  )
  worker_count       = var.worker_count
  worker_concurrency = var.worker_concurrency

  # Tasks write their logs to the lake from the first moment on; and on destroy no task may write to a bucket that is
  # being emptied.
  depends_on = [module.lake, module.source_fill, module.warehouse_prepare, module.currency_api]
}
