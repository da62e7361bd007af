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

variable "prometheus" {
  description = "Folder with Prometheus' configuration and statsd-exporter's mapping."
  type        = string
}

variable "scrape_targets" {
  description = "What Prometheus reads: the job that the metrics are kept under, host and port, path."
  type        = list(object({ job = string, address = string, path = string }))
}

variable "scrape_interval" {
  description = "How often Prometheus asks."
  type        = string
}

variable "metrics_retention" {
  description = "How long Prometheus keeps what it read."
  type        = string
}

variable "disks" {
  description = "Volumes to watch the free space of: what they hold => name."
  type        = map(string)
}

variable "grafana_admin" {
  description = "Grafana's administrator."
  type        = string
}

variable "grafana_url" {
  description = "Where people reach Grafana."
  type        = string
}

variable "ports" {
  description = "Ports to publish."
  type        = object({ prometheus = number, grafana = number })
}
