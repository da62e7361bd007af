# The data lake: MinIO in a container, or an S3 elsewhere.

locals {
  # Where it is reached from inside the platform's network.
  lake = coalesce(var.external_lake, { endpoint = "http://lake:9000", region = local.names.lake.region })

  lake_root_user  = coalesce(var.lake_root_user, local.names.lake.root_user)
  lake_access_key = coalesce(var.lake_access_key, local.names.lake.access_key)
}

module "lake" {
  source = "./modules/lake"
  count  = var.external_lake == null ? 1 : 0

  platform           = local.platform
  secrets            = var.secrets
  buckets            = local.names.lake.buckets
  root_user          = local.lake_root_user
  access_key         = local.lake_access_key
  ports              = { s3 = var.ports.s3, console = var.ports.s3_console }
  log_retention_days = var.log_retention_days
}
