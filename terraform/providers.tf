# None of the three connects before it has something to do, and their arguments come from variables alone: so one apply
# makes the containers and then what lives in them.

provider "docker" {
  host = var.docker_host # null: DOCKER_HOST, which `make up` sets to what Docker's own command would take
}

provider "minio" {
  minio_server   = "${var.docker_host_address}:${var.ports.s3}"
  minio_user     = local.lake_root_user
  minio_password = var.secrets["lake_root_password"]
  minio_region   = local.lake.region
}

provider "grafana" {
  url     = local.urls.grafana
  auth    = "${local.names.admin}:${var.secrets["grafana_admin_password"]}"
  retries = 5
}
