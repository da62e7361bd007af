# ---------------------------------------------------------------------------------------------------------------------
# Where the platform runs
# ---------------------------------------------------------------------------------------------------------------------

variable "name" {
  description = "Prefix of all containers, volumes and the network, so that two platforms can share a machine."
  type        = string
  default     = "bikes-store"
  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{0,30}$", var.name))
    error_message = "name must be 1 to 31 lower-case letters, digits and hyphens, a letter first, not \"${var.name}\"."
  }
}

variable "docker_host" {
  description = "Docker engine, such as ssh://user@host; null: DOCKER_HOST, else the context that is chosen in Docker."
  type        = string
  default     = null
  validation {
    condition = var.docker_host == null ? true : can(regex("^(unix|ssh|tcp|npipe)://", var.docker_host))
    error_message = join("", [
      "docker_host must begin with unix://, ssh://, tcp:// or npipe://, not ${jsonencode(var.docker_host)}.",
    ])
  }
}

variable "docker_host_address" {
  description = "Address by which this machine reaches the ports that the Docker host publishes."
  type        = string
  default     = "127.0.0.1"
  validation {
    condition     = can(regex("^[A-Za-z0-9.-]+$", var.docker_host_address))
    error_message = "docker_host_address must be a host name or an IPv4 address, not \"${var.docker_host_address}\"."
  }
}

variable "bind_address" {
  description = "Address that published ports are bound to. 0.0.0.0 opens them to the network."
  type        = string
  default     = "127.0.0.1"
  validation {
    condition     = can(cidrhost("${var.bind_address}/32", 0))
    error_message = "bind_address must be an IPv4 address, not \"${var.bind_address}\"."
  }
}

variable "repository_path" {
  description = "Absolute path of this repository on the Docker host, for dags/ and dbt/; null: as on this machine."
  type        = string
  default     = null
  validation {
    condition     = var.repository_path == null || startswith(coalesce(var.repository_path, "/"), "/")
    error_message = "repository_path must be an absolute path on the Docker host."
  }
}

variable "ports" {
  description = "Ports to publish on bind_address."
  type = object({
    airflow    = optional(number, 8080)
    source     = optional(number, 15432)
    warehouse  = optional(number, 15433)
    s3         = optional(number, 9000)
    s3_console = optional(number, 9001)
    prometheus = optional(number, 9090)
    grafana    = optional(number, 3000)
  })
  default = {}
  validation {
    condition = alltrue([for port in values(var.ports) : port >= 1024 && port <= 65535 && floor(port) == port])
    error_message = format("ports must be whole numbers from 1024 to 65535: %s.", join(", ", [
      for name, port in var.ports : "${name} = ${port}" if port < 1024 || port > 65535 || floor(port) != port
    ]))
  }
  validation {
    condition = length(distinct(values(var.ports))) == length(values(var.ports))
    error_message = format("ports must differ from each other: %s.", join(", ", [
      for name, port in var.ports : "${name} = ${port}"
    ]))
  }
}

variable "images" {
  description = "Images to take in place of those that images.yaml pins, by the names that it has."
  type        = map(string)
  default     = {}
  validation {
    condition = length(setsubtract(keys(var.images), keys(local.pinned_images))) == 0
    error_message = join(" ", [
      "images names none of the stack's: ${join(", ", setsubtract(keys(var.images), keys(local.pinned_images)))}.",
      "There are: ${join(", ", keys(local.pinned_images))}.",
    ])
  }
  validation {
    condition = alltrue([
      for image in values(var.images) : can(regex("[:@][^:@/]+$", image)) && !endswith(image, ":latest")
    ])
    error_message = format("images must name a release (name:tag): %s.", join(", ", [
      for name, image in var.images : "${name} = ${image}"
      if !can(regex("[:@][^:@/]+$", image)) || endswith(image, ":latest")
    ]))
  }
}

variable "extra_ca_certificates" {
  description = "PEM certificates for the Airflow image to trust: for networks whose proxy re-signs TLS."
  type        = string
  default     = ""
  validation {
    condition = (
      var.extra_ca_certificates == "" || strcontains(var.extra_ca_certificates, "-----BEGIN CERTIFICATE-----")
    )
    error_message = join(" ", [
      "extra_ca_certificates must be the text of PEM certificates, not the name of a file.",
      "Set TF_VAR_extra_ca_certificates=\"$(cat proxy-ca.pem)\".",
    ])
  }
}

# ---------------------------------------------------------------------------------------------------------------------
# Secrets
# ---------------------------------------------------------------------------------------------------------------------

# Empty by default: Terraform then names all that are missing, instead of asking for them.
variable "secrets" {
  description = "Passwords and keys by name: names.yaml lists them, `make secrets` makes them."
  type        = map(string)
  default     = {}
  sensitive   = true
  validation {
    condition = alltrue([
      for name, pattern in local.secret_patterns : can(regex(pattern, lookup(var.secrets, name, "")))
    ])
    error_message = join(" ", [
      "secrets lacks these, or they are too short (8 characters; a fernet key is 32 bytes in URL-safe base64):",
      "${join(", ", [
        for name, pattern in local.secret_patterns : name
        if nonsensitive(!can(regex(pattern, lookup(var.secrets, name, ""))))
      ])}.",
      "`make secrets` writes terraform/secrets.auto.tfvars.json.",
    ])
  }
}

# ---------------------------------------------------------------------------------------------------------------------
# How large it is
# ---------------------------------------------------------------------------------------------------------------------

variable "worker_count" {
  description = "Celery workers."
  type        = number
  default     = 1
  validation {
    condition     = var.worker_count >= 1 && var.worker_count <= 64 && floor(var.worker_count) == var.worker_count
    error_message = "worker_count must be a whole number from 1 to 64, not ${var.worker_count}."
  }
}

variable "worker_concurrency" {
  description = "Tasks that one worker runs at a time; null: the number in airflow/airflow.env."
  type        = number
  default     = null
  validation {
    condition = (
      var.worker_concurrency == null ? true :
      var.worker_concurrency >= 1 && floor(var.worker_concurrency) == var.worker_concurrency
    )
    error_message = "worker_concurrency must be a whole number, 1 or more, not ${coalesce(var.worker_concurrency, 0)}."
  }
}

variable "limits" {
  description = "Most memory (MB) and processor cores (\"1.5\") by service; the output `services` lists the services."
  type        = map(object({ memory_mb = optional(number), cpus = optional(string) }))
  default     = {}
  validation {
    condition = alltrue([
      for limit in values(var.limits) : limit.cpus == null ? true : can(regex("^[0-9]*[.]?[0-9]+$", limit.cpus))
    ])
    error_message = "limits: cpus is a number of cores, such as \"1.5\"."
  }
  validation {
    condition = alltrue([
      for limit in values(var.limits) : limit.memory_mb == null ? true : limit.memory_mb >= 6
    ])
    error_message = "limits: memory_mb is 6 or more: Docker takes no less."
  }
  validation {
    # The provider rounds some numbers with two decimals when it reads them back, such as 0.05.
    condition = alltrue([
      for limit in values(var.limits) : limit.cpus == null ? true : try(tonumber(limit.cpus) > 0 && (
        length(regexall("0", format("%.9f", tonumber(limit.cpus)))) != 9
        || tonumber(limit.cpus) * 10 == floor(tonumber(limit.cpus) * 10)
      ), true)
    ])
    error_message = "limits: cpus must be 0.1 or more, and have one decimal."
  }
}

# ---------------------------------------------------------------------------------------------------------------------
# The source, the warehouse and the lake: in containers, or somewhere else
# ---------------------------------------------------------------------------------------------------------------------

variable "scale" {
  description = "How many times the orders of AdventureWorks (31,465) the made-up source gets when it is first filled."
  type        = number
  default     = 1
  validation {
    # How large it may be is for source/fill.py to say.
    condition     = var.scale >= 1 && floor(var.scale) == var.scale
    error_message = "scale must be a whole number, 1 or more, not ${var.scale}."
  }
}

variable "source_sql" {
  description = "Absolute path, on the Docker host, of an SQL dump, plain or in gzip, to fill the source with."
  type        = string
  default     = ""
  validation {
    condition     = var.source_sql == "" || startswith(var.source_sql, "/")
    error_message = "source_sql must be an absolute path, not \"${var.source_sql}\"."
  }
}

variable "currency_api_url" {
  description = "Address of the currency API; empty for the bundled service."
  type        = string
  default     = ""
  validation {
    condition     = var.currency_api_url == "" || can(regex("^https?://[^/ ]+", var.currency_api_url))
    error_message = "currency_api_url must begin with http:// or https://, not \"${var.currency_api_url}\"."
  }
}

variable "external_source" {
  description = "A transaction database elsewhere. `user` reads its tables, with the secret source_reader_password."
  type = object({
    host     = string
    port     = optional(number, 5432)
    database = string
    user     = string
    sslmode  = optional(string, "require")
  })
  default = null
  validation {
    condition     = var.external_source == null ? true : contains(local.sslmodes, var.external_source.sslmode)
    error_message = "external_source.sslmode must be one of ${join(", ", local.sslmodes)}."
  }
}

variable "external_warehouse" {
  description = "A warehouse database elsewhere; docs/growing.md says how it is prepared."
  type = object({
    host     = string
    port     = optional(number, 5432)
    database = string
    sslmode  = optional(string, "require")
  })
  default = null
  validation {
    condition     = var.external_warehouse == null ? true : contains(local.sslmodes, var.external_warehouse.sslmode)
    error_message = "external_warehouse.sslmode must be one of ${join(", ", local.sslmodes)}."
  }
}

variable "external_lake" {
  description = "An S3 elsewhere, with both buckets of names.yaml; lake_access_key and lake_secret_key log in there."
  type        = object({ endpoint = string, region = string })
  default     = null
  validation {
    condition     = var.external_lake == null ? true : can(regex("^https?://[^/ ]+$", var.external_lake.endpoint))
    error_message = "external_lake.endpoint must be http:// or https:// and a host: https://s3.eu-west-1.amazonaws.com."
  }
}

variable "lake_root_user" {
  description = "The lake's administrator; null: the name in names.yaml."
  type        = string
  default     = null
}

variable "lake_access_key" {
  description = "The pipeline's user of the lake, whose secret is lake_secret_key; null: the name in names.yaml."
  type        = string
  default     = null
  validation {
    condition     = var.lake_access_key == null ? true : can(regex("^[A-Za-z0-9]{3,128}$", var.lake_access_key))
    error_message = "lake_access_key must be 3 to 128 letters and digits, not ${jsonencode(var.lake_access_key)}."
  }
}

variable "log_retention_days" {
  description = "Days after which task logs are removed from the lake."
  type        = number
  default     = 30
  validation {
    condition     = var.log_retention_days >= 1 && floor(var.log_retention_days) == var.log_retention_days
    error_message = "log_retention_days must be a whole number, 1 or more, not ${var.log_retention_days}."
  }
}

# ---------------------------------------------------------------------------------------------------------------------
# Monitoring
# ---------------------------------------------------------------------------------------------------------------------

variable "scrape_interval" {
  description = "How often Prometheus asks, such as 15s."
  type        = string
  default     = "15s"
  validation {
    # A scrape may take 5 seconds (prometheus/prometheus.yml), and no longer than the interval.
    condition     = can(regex("^([5-9]s|[1-9][0-9]+s|[1-9][0-9]*[mh])$", var.scrape_interval))
    error_message = "scrape_interval must be a number and s, m or h, 5s at least, not \"${var.scrape_interval}\"."
  }
}

variable "metrics_retention" {
  description = "How long Prometheus keeps what it read, such as 15d."
  type        = string
  default     = "15d"
  validation {
    condition     = can(regex("^[1-9][0-9]*[hdwy]$", var.metrics_retention))
    error_message = "metrics_retention must be a number and h, d, w or y, not \"${var.metrics_retention}\"."
  }
}

variable "openlineage" {
  description = "Where OpenLineage events go: an http(s) address, or a file in Airflow's containers; empty: none."
  type        = string
  default     = ""
  validation {
    condition     = var.openlineage == "" || can(regex("^(https?://[^/ ]+|/.*[^/]$)", var.openlineage))
    error_message = "openlineage must be an http(s) address or an absolute path, not \"${var.openlineage}\"."
  }
}

variable "runbooks_url" {
  description = "Where people read docs/runbooks of this repository; null: the page's path stands in place of a link."
  type        = string
  default     = null
  validation {
    condition     = var.runbooks_url == null ? true : can(regex("^https?://[^/ ]+/", var.runbooks_url))
    error_message = "runbooks_url must be http:// or https:// and a path, not ${jsonencode(var.runbooks_url)}."
  }
}

variable "slack_webhook_url" {
  description = "Incoming webhook of Slack for failed tasks and alerts; empty for none."
  type        = string
  default     = ""
  sensitive   = true
  validation {
    condition     = var.slack_webhook_url == "" || can(regex("^https?://[^/ ]+/", var.slack_webhook_url))
    error_message = "slack_webhook_url must be the URL of an incoming webhook: https://hooks.slack.com/services/…."
  }
}
