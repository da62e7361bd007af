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

variable "name" {
  description = "Name of the service: the host name that the others reach it by."
  type        = string
}

variable "user" {
  description = "The server's superuser."
  type        = string
}

variable "password" {
  description = "Password of the superuser."
  type        = string
  sensitive   = true
}

variable "database" {
  description = "Database to make."
  type        = string
}

variable "external_port" {
  description = "Port to publish; null for none."
  type        = number
  default     = null
}

variable "shared_buffers" {
  description = "Size of PostgreSQL's cache."
  type        = string
  default     = "256MB"
}
