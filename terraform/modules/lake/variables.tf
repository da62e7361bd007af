variable "platform" {
  description = "What all services share; network, images (ids by name) and limits (by service) among it."
  type = object({
    name         = string
    network      = string
    bind_address = string
    images       = map(string)
    limits       = map(object({ memory_mb = optional(number), cpus = optional(string) }))
  })
}

variable "secrets" {
  description = "The platform's secrets by name: names.yaml lists them."
  type        = map(string)
  sensitive   = true
}

variable "buckets" {
  description = "Names of the buckets: for task logs and for data."
  type        = object({ logs = string, data = string })
}

variable "root_user" {
  description = "MinIO's administrator."
  type        = string
}

variable "access_key" {
  description = "Name of the pipeline's user."
  type        = string
}

variable "ports" {
  description = "Ports to publish."
  type        = object({ s3 = number, console = number })
}

variable "log_retention_days" {
  description = "Days after which task logs are removed."
  type        = number
}
