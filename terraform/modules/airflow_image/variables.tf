variable "name" {
  description = "Prefix of the image's name."
  type        = string
}

variable "context" {
  description = "This repository, on the machine that Terraform runs on."
  type        = string
}

variable "base" {
  description = "Name of the Debian image to build on."
  type        = string
}

variable "use_legacy_builder" {
  description = "Build with the engine's own builder, which is on the provider's engine; else with buildx."
  type        = bool
}

variable "extra_ca_certificates" {
  description = "PEM certificates to trust."
  type        = string
}
