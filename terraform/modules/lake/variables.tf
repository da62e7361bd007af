variable "platform" {
  description = "What all containers share: prefix of their names, network, address that published ports are bound to."
  type = object({
    name         = string
    network      = string
    bind_address = string
  })
}

variable "image" {
  description = "Id of the MinIO image."
  type        = string
}

variable "root_user" {
  description = "MinIO's administrator."
  type        = string
}

variable "root_password" {
  description = "The administrator's password."
  type        = string
  sensitive   = true
}

variable "access_key" {
  description = "Name of the pipeline's user."
  type        = string
}

variable "secret_key" {
  description = "Secret key of the pipeline's user."
  type        = string
  sensitive   = true
}

variable "ports" {
  description = "Ports to publish."
  type        = object({ s3 = number, console = number })
}

variable "log_retention_days" {
  description = "Days after which task logs are removed."
  type        = number
}

variable "limits" {
  description = "Most memory (MB) and processor cores."
  type        = object({ memory_mb = optional(number), cpus = optional(string) })
}
