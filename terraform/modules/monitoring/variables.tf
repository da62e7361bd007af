variable "platform" {
  description = "What all containers share: prefix of their names, network, address that published ports are bound to."
  type = object({
    name         = string
    network      = string
    bind_address = string
  })
}

variable "images" {
  description = "Ids of the images."
  type        = object({ prometheus = string, statsd_exporter = string, node_exporter = string, grafana = string })
}

variable "statsd_mapping" {
  description = "statsd-exporter's mapping, as YAML."
  type        = string
}

variable "prometheus_config" {
  description = "Prometheus' configuration, as YAML."
  type        = string
}

variable "metrics_retention" {
  description = "How long Prometheus keeps what it was told."
  type        = string
}

variable "disks" {
  description = "Volumes to watch the free space of: what they hold => name."
  type        = map(string)
}

variable "grafana_admin_password" {
  description = "Password of Grafana's user admin."
  type        = string
  sensitive   = true
}

variable "grafana_url" {
  description = "Where people reach Grafana."
  type        = string
}

variable "ports" {
  description = "Ports to publish."
  type        = object({ prometheus = number, grafana = number })
}

variable "limits" {
  description = "Most memory (MB) and processor cores of each service."
  type        = map(object({ memory_mb = optional(number), cpus = optional(string) }))
}
