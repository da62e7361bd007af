variable "prometheus_url" {
  description = "Where Grafana reaches Prometheus."
  type        = string
}

variable "warehouse" {
  description = "Where Grafana reaches the warehouse, and the role that it reads with."
  type = object({
    host     = string
    port     = number
    database = string
    user     = string
    password = string
    sslmode  = string
  })
}

variable "dashboards" {
  description = "Folder of dashboards, one JSON file each."
  type        = string
}

variable "alert_rules" {
  description = "YAML file of alert rules."
  type        = string
}

variable "slack_message" {
  description = "Template of a message to Slack, in Grafana's template language."
  type        = string
}

variable "slack_webhook_url" {
  description = "Incoming webhook of Slack; empty for none."
  type        = string
  sensitive   = true
}

variable "rules_wait_for" {
  description = "Known once Airflow is up: before that, alert rules would miss its heartbeats."
  type        = list(string)
}

variable "runbooks_url" {
  description = "Where docs/runbooks is read; null: nowhere by a link."
  type        = string
}

variable "airflow_url" {
  description = "Where people reach Airflow; panels link there."
  type        = string
}
