locals {
  # What Terraform, Airflow and Python all call by one name: databases, roles, buckets, secrets.
  names = yamldecode(file("${path.root}/../names.yaml"))

  # What has to be in var.secrets, and what each looks like.
  role_names   = flatten(values(local.names.roles))
  secret_names = concat(keys(local.names.secrets), [for role in local.role_names : "${role}_password"])
  secret_patterns = {
    for name in local.secret_names :
    name => endswith(name, "_fernet_key") ? "^[A-Za-z0-9_-]{43}=$" : "(?s)^.{8,}$"
  }

  # What Airflow's connections and Grafana log in to the databases with: role => ROLE_USER, ROLE_PASSWORD.
  logins = {
    for role in local.role_names : role => {
      "${upper(role)}_USER"     = role
      "${upper(role)}_PASSWORD" = var.secrets["${role}_password"]
    }
  }
  # The same by database, as source/roles.sql and warehouse/roles.sql take them: {"role": "password"}.
  roles = {
    for database, roles in local.names.roles :
    database => jsonencode({ for role in roles : role => var.secrets["${role}_password"] })
  }

  # How a connection to PostgreSQL may be encrypted. Grafana knows these four.
  sslmodes = ["disable", "require", "verify-ca", "verify-full"]

  # The images, by name.
  pinned_images = yamldecode(file("${path.root}/images.yaml")).pinned
  images        = merge(local.pinned_images, var.images)

  # The provider reads cores back as a decimal number in a form of its own, and would replace the container for another:
  # "2" is "2.0", "1.50" is "1.5", and whole tens end in the point.
  limits = {
    for service, limit in var.limits : service => {
      memory_mb = limit.memory_mb
      cpus = limit.cpus == null ? null : (
        length(regexall("0", format("%.9f", tonumber(limit.cpus)))) == 9
        ? format("%.1f", tonumber(limit.cpus))
        : replace(format("%.9f", tonumber(limit.cpus)), "/0+$/", "")
      )
    }
  }

  repository = coalesce(var.repository_path, abspath("${path.root}/.."))

  urls = {
    airflow    = "http://${var.docker_host_address}:${var.ports.airflow}"
    lake       = "http://${var.docker_host_address}:${var.ports.s3_console}"
    prometheus = "http://${var.docker_host_address}:${var.ports.prometheus}"
    grafana    = "http://${var.docker_host_address}:${var.ports.grafana}"
  }

  # What every module gets.
  platform = {
    name         = var.name
    network      = docker_network.platform.name
    bind_address = var.bind_address
    images       = { for name, image in docker_image.pulled : name => image.image_id }
    limits       = local.limits
  }
}

# The state has the secrets anyway, scattered. Here it has them by name, so that `make up` can write the file of secrets
# again when somebody removed it: new passwords would lock everybody out of the databases that are there.
resource "terraform_data" "secrets" {
  input = { for name in local.secret_names : name => var.secrets[name] }
}

resource "docker_network" "platform" {
  name = var.name
}

resource "docker_image" "pulled" {
  for_each = local.images

  name         = each.value
  keep_locally = true # other stacks of this machine may use it

  depends_on = [docker_network.platform]
}

# The names of the release before; a stack that is up keeps what it has.
moved {
  from = module.grafana
  to   = module.dashboards_and_alerts
}
