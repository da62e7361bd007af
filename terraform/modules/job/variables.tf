variable "platform" {
  description = "What all containers share: prefix of their names, network."
  type = object({
    name    = string
    network = string
  })
}

variable "name" {
  description = "Name of the job."
  type        = string
}

variable "image" {
  description = "Id of the image, so that a new image runs the job again."
  type        = string
}

variable "command" {
  description = "What to run."
  type        = list(string)
}

variable "env" {
  description = "Environment."
  type        = map(string)
  default     = {}
}

variable "memory_mb" {
  description = "Most memory (MB)."
  type        = number
  default     = 2048
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
