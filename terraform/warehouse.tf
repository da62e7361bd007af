# The warehouse database: in a container, or elsewhere.

locals {
  # Where it is reached from inside the platform's network.
  warehouse = coalesce(var.external_warehouse, {
    host     = "warehouse"
    port     = 5432
    database = local.names.databases.warehouse
    sslmode  = "disable" # within the platform's network
  })
}

module "warehouse" {
  source = "./modules/postgres"
  count  = var.external_warehouse == null ? 1 : 0

  platform       = local.platform
  secrets        = var.secrets
  name           = "warehouse"
  database       = local.warehouse.database
  user           = local.names.superuser
  password       = var.secrets["warehouse_admin_password"]
  external_port  = var.ports.warehouse
  shared_buffers = "512MB"
}

# Safe to run again: it makes what is missing and sets the passwords.
module "warehouse_prepare" {
  source = "./modules/job"
  count  = var.external_warehouse == null ? 1 : 0

  platform = local.platform
  name     = "warehouse-prepare"
  image    = module.airflow_image.id
  command  = ["psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", "-f", "warehouse/staging.sql", "-f", "warehouse/roles.sql"]
  env = {
    PGHOST     = one(module.warehouse[*].host)
    PGOPTIONS  = "-c client_min_messages=warning"
    PGDATABASE = local.warehouse.database
    PGUSER     = local.names.superuser
    PGPASSWORD = var.secrets["warehouse_admin_password"]
    ROLES      = local.roles.warehouse
  }
}
