terraform {
  required_version = ">= 1.9.0" # variables' validations look at other variables

  required_providers {
    docker = {
      source  = "kreuzwerker/docker"
      version = "4.5.0"
    }
    minio = {
      source  = "aminueza/minio"
      version = "3.40.1"
    }
    grafana = {
      source  = "grafana/grafana"
      version = "4.45.1"
    }
  }
}
