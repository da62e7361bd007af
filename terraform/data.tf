# The source, the warehouse and the lake, each only where it is not elsewhere.

module "source" {
  source = "./modules/postgres"
  count  = var.external_source == null ? 1 : 0

  platform         = local.platform
  name             = "source"
  image            = local.images.postgres
  exporter_image   = local.images.postgres_exporter
  monitor_password = var.monitor_password
  password         = var.source_admin_password
  database         = local.source.database
  external_port    = var.ports.source
  limits           = local.limits["source"]
}

module "source_fill" {
  source = "./modules/job"
  count  = var.external_source == null ? 1 : 0

  platform = local.platform
  name     = "source-fill"
  image    = module.airflow_image.id
  command  = ["python", "-m", "source.fill"]
  env = {
    PGHOST          = one(module.source[*].host)
    PGDATABASE      = local.source.database
    PGUSER          = "postgres"
    PGPASSWORD      = var.source_admin_password
    SOURCE_USER     = local.source.user
    SOURCE_PASSWORD = var.source_reader_password
    SCALE           = var.scale
    SOURCE_SQL      = var.source_sql == "" ? "" : "/source.sql"
  }
  volumes = concat(
    # The catalogue of tables, which a dump is checked against.
    [{ container_path = "/opt/airflow/dags", host_path = "${local.repository}/dags", read_only = true }],
    var.source_sql == "" ? [] : [{ container_path = "/source.sql", host_path = var.source_sql, read_only = true }],
  )
}

module "warehouse" {
  source = "./modules/postgres"
  count  = var.external_warehouse == null ? 1 : 0

  platform         = local.platform
  name             = "warehouse"
  image            = local.images.postgres
  exporter_image   = local.images.postgres_exporter
  monitor_password = var.monitor_password
  password         = var.warehouse_admin_password
  database         = local.warehouse.database
  external_port    = var.ports.warehouse
  shared_buffers   = "512MB"
  limits           = local.limits["warehouse"]
}

# Safe to run again: it makes what is missing and gives passwords anew.
module "warehouse_prepare" {
  source = "./modules/job"
  count  = var.external_warehouse == null ? 1 : 0

  platform = local.platform
  name     = "warehouse-prepare"
  image    = module.airflow_image.id
  command  = ["psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", "-f", "warehouse/staging.sql", "-f", "warehouse/roles.sql"]
  env = merge(local.warehouse_roles, {
    PGHOST     = one(module.warehouse[*].host)
    PGOPTIONS  = "-c client_min_messages=warning"
    PGDATABASE = local.warehouse.database
    PGUSER     = "postgres"
    PGPASSWORD = var.warehouse_admin_password
  })
}

locals {
  warehouse_roles = {
    STAGING_USER      = "staging_loader"
    STAGING_PASSWORD  = var.staging_loader_password
    DBT_USER          = "dbt"
    DBT_PASSWORD      = var.dbt_password
    REPORTER_USER     = "reporter"
    REPORTER_PASSWORD = var.reporter_password
  }
}

module "lake" {
  source = "./modules/lake"
  count  = var.external_lake == null ? 1 : 0

  platform           = local.platform
  image              = local.images.minio
  root_user          = var.lake_root_user
  root_password      = var.lake_root_password
  access_key         = var.lake_access_key
  secret_key         = var.lake_secret_key
  ports              = { s3 = var.ports.s3, console = var.ports.s3_console }
  log_retention_days = var.log_retention_days
  limits             = local.limits["lake"]
}

module "currency_api" {
  source = "./modules/service"
  count  = var.currency_api_url == "" ? 1 : 0

  platform = local.platform
  name     = "currency-api"
  image    = module.airflow_image.id
  command  = ["gunicorn", "--chdir", "source/currency_api", "--bind", "0.0.0.0:8000", "app:app"]
  healthcheck = {
    test     = ["CMD", "curl", "--fail", "--silent", "--output", "/dev/null", "http://127.0.0.1:8000/api/health"]
    interval = "5s"
  }
  limits = local.limits["currency-api"]
}
