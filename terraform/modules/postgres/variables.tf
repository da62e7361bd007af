variable "platform" {
  description = "What all containers share: prefix of their names, network, address that published ports are bound to."
  type = object({
    name         = string
    network      = string
    bind_address = string
  })
}

variable "name" {
  description = "Name of the service: the host name that the others reach it by."
  type        = string
}

variable "image" {
  description = "Id of the PostgreSQL image."
  type        = string
}

variable "exporter_image" {
  description = "Id of postgres-exporter's image."
  type        = string
}

variable "monitor_password" {
  description = "Password of the role that postgres-exporter reads the server's statistics with."
  type        = string
  sensitive   = true
}

variable "user" {
  description = "The server's superuser."
  type        = string
  default     = "postgres"
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
  description = "PostgreSQL's cache."
  type        = string
  default     = "256MB"
}

variable "limits" {
  description = "Most memory (MB) and processor cores."
  type        = object({ memory_mb = optional(number), cpus = optional(string) })
  default     = {}
}
