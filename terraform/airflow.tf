module "airflow_image" {
  source = "./modules/airflow_image"

  name                  = var.name
  context               = abspath("${path.root}/..")
  extra_ca_certificates = var.extra_ca_certificates
}

module "airflow" {
  source = "./modules/airflow"

  platform = local.platform
  images = {
    airflow           = module.airflow_image.id
    postgres          = local.images.postgres
    redis             = local.images.redis
    postgres_exporter = local.images.postgres_exporter
    redis_exporter    = local.images.redis_exporter
  }
  repository      = abspath("${path.root}/..")
  host_repository = local.repository
  url             = local.urls.airflow
  port            = var.ports.airflow
  statsd          = module.monitoring.statsd
  admin_user      = "admin"
  secrets = {
    db_password      = var.airflow_db_password
    admin_password   = var.airflow_admin_password
    fernet_key       = var.airflow_fernet_key
    secret_key       = var.airflow_secret_key
    broker_password  = var.broker_password
    monitor_password = var.monitor_password
  }
  init = merge(local.warehouse_roles, {
    SOURCE_HOST         = local.source.host
    SOURCE_PORT         = local.source.port
    SOURCE_DB           = local.source.database
    SOURCE_USER         = local.source.user
    SOURCE_PASSWORD     = var.source_reader_password
    WAREHOUSE_HOST      = local.warehouse.host
    WAREHOUSE_PORT      = local.warehouse.port
    WAREHOUSE_DB        = local.warehouse.database
    S3_ENDPOINT         = local.lake.endpoint
    S3_REGION           = local.lake.region
    S3_ACCESS_KEY       = var.lake_access_key
    S3_SECRET_KEY       = var.lake_secret_key
    BIKES_STORE_API_URL = local.currency_api_url
    SLACK_WEBHOOK_URL   = var.slack_webhook_url
  })
  worker_count       = var.worker_count
  worker_concurrency = var.worker_concurrency
  limits             = local.limits

  # Tasks write their logs to the lake from the first moment on; and on destroy no task may write to a bucket that is
  # being emptied.
  depends_on = [module.lake, module.source_fill, module.warehouse_prepare, module.currency_api]
}
