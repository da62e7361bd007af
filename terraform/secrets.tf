# Secrets. `make up` writes them to terraform/secrets.auto.tfvars, which git ignores; none has a default to guess.
# null instead of no default: Terraform then names all that are missing in one plan, instead of asking for each.

variable "airflow_db_password" {
  description = "Password of Airflow's metadata database."
  type        = string
  default     = null
  sensitive   = true
  validation {
    condition     = try(length(var.airflow_db_password), 0) >= 8
    error_message = "airflow_db_password is missing or shorter than 8 characters: `make secrets` writes terraform/secrets.auto.tfvars."
  }
}

variable "airflow_admin_password" {
  description = "Password of Airflow's user admin."
  type        = string
  default     = null
  sensitive   = true
  validation {
    condition     = try(length(var.airflow_admin_password), 0) >= 8
    error_message = "airflow_admin_password is missing or shorter than 8 characters: `make secrets` writes terraform/secrets.auto.tfvars."
  }
}

variable "airflow_fernet_key" {
  description = "Key that Airflow encrypts connections with: 32 bytes in URL-safe base64."
  type        = string
  default     = null
  sensitive   = true
  validation {
    condition     = can(regex("^[A-Za-z0-9_-]{43}=$", var.airflow_fernet_key))
    error_message = "airflow_fernet_key is missing or is not 32 bytes in URL-safe base64: `make secrets` writes terraform/secrets.auto.tfvars."
  }
}

variable "airflow_secret_key" {
  description = "Key that Airflow's webserver signs sessions and log requests with."
  type        = string
  default     = null
  sensitive   = true
  validation {
    condition     = try(length(var.airflow_secret_key), 0) >= 8
    error_message = "airflow_secret_key is missing or shorter than 8 characters: `make secrets` writes terraform/secrets.auto.tfvars."
  }
}

variable "broker_password" {
  description = "Password of Redis."
  type        = string
  default     = null
  sensitive   = true
  validation {
    condition     = try(length(var.broker_password), 0) >= 8
    error_message = "broker_password is missing or shorter than 8 characters: `make secrets` writes terraform/secrets.auto.tfvars."
  }
}

variable "source_admin_password" {
  description = "Password of the source's superuser."
  type        = string
  default     = null
  sensitive   = true
  validation {
    condition     = try(length(var.source_admin_password), 0) >= 8
    error_message = "source_admin_password is missing or shorter than 8 characters: `make secrets` writes terraform/secrets.auto.tfvars."
  }
}

variable "source_reader_password" {
  description = "Password of the role that extracts."
  type        = string
  default     = null
  sensitive   = true
  validation {
    condition     = try(length(var.source_reader_password), 0) >= 8
    error_message = "source_reader_password is missing or shorter than 8 characters: `make secrets` writes terraform/secrets.auto.tfvars."
  }
}

variable "warehouse_admin_password" {
  description = "Password of the warehouse's superuser."
  type        = string
  default     = null
  sensitive   = true
  validation {
    condition     = try(length(var.warehouse_admin_password), 0) >= 8
    error_message = "warehouse_admin_password is missing or shorter than 8 characters: `make secrets` writes terraform/secrets.auto.tfvars."
  }
}

variable "staging_loader_password" {
  description = "Password of the role that loads the staging area."
  type        = string
  default     = null
  sensitive   = true
  validation {
    condition     = try(length(var.staging_loader_password), 0) >= 8
    error_message = "staging_loader_password is missing or shorter than 8 characters: `make secrets` writes terraform/secrets.auto.tfvars."
  }
}

variable "dbt_password" {
  description = "Password of the role that dbt builds with."
  type        = string
  default     = null
  sensitive   = true
  validation {
    condition     = try(length(var.dbt_password), 0) >= 8
    error_message = "dbt_password is missing or shorter than 8 characters: `make secrets` writes terraform/secrets.auto.tfvars."
  }
}

variable "reporter_password" {
  description = "Password of the role that Grafana reads the warehouse with."
  type        = string
  default     = null
  sensitive   = true
  validation {
    condition     = try(length(var.reporter_password), 0) >= 8
    error_message = "reporter_password is missing or shorter than 8 characters: `make secrets` writes terraform/secrets.auto.tfvars."
  }
}

variable "lake_root_password" {
  description = "Password of MinIO's administrator."
  type        = string
  default     = null
  sensitive   = true
  validation {
    condition     = try(length(var.lake_root_password), 0) >= 8
    error_message = "lake_root_password is missing or shorter than 8 characters: `make secrets` writes terraform/secrets.auto.tfvars."
  }
}

variable "lake_secret_key" {
  description = "Secret key of the pipeline's user of the lake."
  type        = string
  default     = null
  sensitive   = true
  validation {
    condition     = try(length(var.lake_secret_key), 0) >= 8
    error_message = "lake_secret_key is missing or shorter than 8 characters: `make secrets` writes terraform/secrets.auto.tfvars."
  }
}

variable "grafana_admin_password" {
  description = "Password of Grafana's user admin."
  type        = string
  default     = null
  sensitive   = true
  validation {
    condition     = try(length(var.grafana_admin_password), 0) >= 8
    error_message = "grafana_admin_password is missing or shorter than 8 characters: `make secrets` writes terraform/secrets.auto.tfvars."
  }
}

variable "monitor_password" {
  description = "Password of the role that postgres-exporter reads statistics with."
  type        = string
  default     = null
  sensitive   = true
  validation {
    condition     = try(length(var.monitor_password), 0) >= 8
    error_message = "monitor_password is missing or shorter than 8 characters: `make secrets` writes terraform/secrets.auto.tfvars."
  }
}

# The state has them all anyway, scattered; here it has them by name, so that `make up` can write secrets.auto.tfvars
# anew when somebody removed it: new passwords would lock everybody out of the databases that are there.
resource "terraform_data" "secrets" {
  input = {
    airflow_db_password      = var.airflow_db_password
    airflow_admin_password   = var.airflow_admin_password
    airflow_fernet_key       = var.airflow_fernet_key
    airflow_secret_key       = var.airflow_secret_key
    broker_password          = var.broker_password
    source_admin_password    = var.source_admin_password
    source_reader_password   = var.source_reader_password
    warehouse_admin_password = var.warehouse_admin_password
    staging_loader_password  = var.staging_loader_password
    dbt_password             = var.dbt_password
    reporter_password        = var.reporter_password
    lake_root_password       = var.lake_root_password
    lake_secret_key          = var.lake_secret_key
    grafana_admin_password   = var.grafana_admin_password
    monitor_password         = var.monitor_password
  }
}
