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

variable "image" {
  description = "Id of Airflow's image."
  type        = string
}

variable "repository" {
  description = "This repository on the machine that Terraform runs on; airflow.env is read there."
  type        = string
}

variable "host_repository" {
  description = "This repository on the Docker host; dags/ and dbt/ are mounted from there."
  type        = string
}

variable "url" {
  description = "Where people reach Airflow's page."
  type        = string
}

variable "port" {
  description = "Port to publish it on."
  type        = number
}

variable "admin" {
  description = "Airflow's administrator."
  type        = string
}

variable "database" {
  description = "Airflow's metadata database; the role that owns it has the same name."
  type        = string
}

variable "warehouse" {
  description = "Where the DAGs reach the warehouse."
  type        = object({ host = string, port = number, database = string })
}

variable "buckets" {
  description = "Buckets of the lake: for task logs and for data."
  type        = object({ logs = string, data = string })
}

variable "statsd" {
  description = "Where Airflow sends metrics, by UDP; the id is a new one when the address may be."
  type        = object({ host = string, port = number, id = string })
}

variable "init" {
  description = "Values for airflow_connections_init.yaml and airflow_variables_init.json, but for the warehouse."
  type        = map(string)
}

variable "worker_count" {
  description = "Celery workers."
  type        = number
}

variable "worker_concurrency" {
  description = "Tasks that one worker runs at a time; null: the number in airflow.env."
  type        = number
  default     = null
}

variable "env" {
  description = "More environment of every process."
  type        = map(string)
  default     = {}
}
