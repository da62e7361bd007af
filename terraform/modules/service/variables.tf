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

variable "name" {
  description = "Name of the service: the host name that the others reach it by."
  type        = string
}

variable "kind" {
  description = "Name of the service in `limits`, where several of a kind run; null: its own name."
  type        = string
  default     = null
}

variable "image" {
  description = "Id of the image, so that a new image replaces the container."
  type        = string
}

variable "command" {
  description = "Command in place of the image's."
  type        = list(string)
  default     = null
}

variable "env" {
  description = "Environment."
  type        = map(string)
  default     = {}
}

variable "ports" {
  description = "Ports to publish; without `external` Docker takes a free one."
  type        = list(object({ internal = number, external = optional(number) }))
  default     = []
}

variable "volumes" {
  description = "Named volumes and folders of the Docker host to mount."
  type = list(object({
    container_path = string
    volume_name    = optional(string)
    host_path      = optional(string)
    read_only      = optional(bool, false)
  }))
  default = []
}

variable "files" {
  description = "Files to put into the container: path => content. A changed file replaces the container."
  type        = map(string)
  default     = {}
}

variable "capabilities" {
  description = "What the first process keeps of root's capabilities, without CAP_: what the image's entrypoint needs."
  type        = list(string)
  default     = []
}

variable "read_only" {
  description = "Whether the container writes to its volumes alone. Not with `files`: Docker could not put them there."
  type        = bool
  default     = false
}

variable "memory_mb" {
  description = "Most memory (MB) where `limits` names none; null: no limit."
  type        = number
  default     = null
}

variable "healthcheck" {
  description = <<-EOT
    How Docker sees that the service works. Durations as Docker writes them (1m0s, not 60s). A check is a process in the
    container and costs about 30 ms of processor time, as long as the stack is up.
  EOT
  type = object({
    test         = list(string)
    interval     = optional(string, "5s")
    timeout      = optional(string, "5s")
    start_period = optional(string, "0s")
    retries      = optional(number, 12)
  })
}

variable "metrics" {
  description = "Where Prometheus reads the service's metrics, and the job that it keeps them under; null: it has none."
  type        = object({ job = string, port = number, path = optional(string, "/metrics") })
  default     = null
}

variable "start_seconds" {
  description = "Seconds that it has to become healthy; after them the apply fails."
  type        = number
  default     = 180
}

variable "stop_seconds" {
  description = "Seconds that it has to stop, before it is killed."
  type        = number
  default     = 10
}
