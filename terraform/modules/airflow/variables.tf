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
  type = object({
    airflow           = string
    postgres          = string
    redis             = string
    postgres_exporter = string
    redis_exporter    = string
  })
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

variable "statsd" {
  description = "Where metrics go, by UDP; the id is another one when the address may be."
  type        = object({ host = string, port = number, id = string })
}

variable "admin_user" {
  description = "Airflow's administrator."
  type        = string
}

variable "secrets" {
  description = "Airflow's passwords and keys."
  type = object({
    db_password      = string
    admin_password   = string
    fernet_key       = string
    secret_key       = string
    broker_password  = string
    monitor_password = string
  })
  sensitive = true
}

variable "init" {
  description = "What the names in airflow_connections_init.yaml and airflow_variables_init.json stand for."
  type        = map(string)
}

variable "worker_count" {
  description = "Celery workers."
  type        = number
}

variable "worker_concurrency" {
  description = "Tasks that one worker runs at a time."
  type        = number
}

variable "limits" {
  description = "Most memory (MB) and processor cores of each service."
  type        = map(object({ memory_mb = optional(number), cpus = optional(string) }))
}
