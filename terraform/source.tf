# The transaction database: in a container, or elsewhere.

locals {
  # Where it is reached from inside the platform's network.
  source = coalesce(var.external_source, {
    host     = "source"
    port     = 5432
    database = local.names.databases.source
    user     = local.logins.source_reader.SOURCE_READER_USER
    sslmode  = "disable" # within the platform's network
  })

  # The dump in the container, under the name that its owner knows from an error.
  dump = var.source_sql == "" ? "" : "/source/${basename(var.source_sql)}"
}

module "source" {
  source = "./modules/postgres"
  count  = var.external_source == null ? 1 : 0

  platform      = local.platform
  secrets       = var.secrets
  name          = "source"
  database      = local.source.database
  user          = local.names.superuser
  password      = var.secrets["source_admin_password"]
  external_port = var.ports.source
}

module "source_fill" {
  source = "./modules/job"
  count  = var.external_source == null ? 1 : 0

  platform = local.platform
  name     = "source-fill"
  image    = module.airflow_image.id
  command  = ["python", "-m", "source.fill"]
  env = {
    PGHOST     = one(module.source[*].host)
    PGDATABASE = local.source.database
    PGUSER     = local.names.superuser
    PGPASSWORD = var.secrets["source_admin_password"]
    ROLES      = local.roles.source
    SCALE      = var.scale
    SOURCE_SQL = local.dump
  }
  volumes = concat(
    # The catalogue of tables, which a dump is checked against.
    [{ container_path = "/opt/airflow/dags", host_path = "${local.repository}/dags", read_only = true }],
    var.source_sql == "" ? [] : [{ container_path = local.dump, host_path = var.source_sql, read_only = true }],
  )
}
