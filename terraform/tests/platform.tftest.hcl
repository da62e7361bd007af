# What the configuration decides, with mocked providers: `terraform -chdir=terraform test`.

mock_provider "docker" {
  mock_resource "docker_container" {
    defaults = { exit_code = 0, container_logs = "" }
  }
}
mock_provider "minio" {}
mock_provider "grafana" {}

variables {
  secrets = merge(
    { for name in keys(yamldecode(file("../names.yaml")).secrets) : name => "a-password" },
    { for role in flatten(values(yamldecode(file("../names.yaml")).roles)) : "${role}_password" => "a-password" },
    { airflow_fernet_key = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=" },
  )
}

# A run takes three seconds, so what can be asked of one plan is asked of one.

run "as_it_is" {
  command = apply

  assert {
    condition     = output.buckets == tolist(sort(values(local.names.lake.buckets)))
    error_message = "The lake does not have both buckets."
  }
  assert {
    condition     = output.pages.airflow.url == "http://127.0.0.1:8080"
    error_message = "Airflow is not on loopback."
  }
  assert {
    condition     = toset(keys(module.dashboards_and_alerts.dashboards)) == fileset("../grafana/dashboards", "*.json")
    error_message = "Other dashboards are planned than there are files."
  }
  assert {
    condition = module.dashboards_and_alerts.alert_rules == sort(flatten([
      for group in yamldecode(file("../grafana/alert_rules.yml")).groups : group.rules[*].name
    ]))
    error_message = "Other alert rules are planned than there are in the file."
  }
  assert {
    condition = toset(module.dashboards_and_alerts.data_sources) == toset(flatten([
      for file in fileset("../grafana/dashboards", "*.json") : [
        for panel in jsondecode(file("../grafana/dashboards/${file}")).panels : panel.targets[*].datasource.uid
      ]
    ]))
    error_message = "The data sources do not have the uids that the dashboards name."
  }
  assert {
    condition     = length(distinct(output.services)) == length(output.services)
    error_message = "Two services have one name in the limits."
  }
  assert {
    condition = length(setsubtract(
      [for target in local.scrape_targets : split(":", target.address)[0]], output.services
    )) == 0
    error_message = "Prometheus reads a service that is none."
  }
  assert {
    condition     = length(setsubtract(keys(local.volumes), output.services)) == 0
    error_message = "A volume is watched that belongs to no service."
  }
  assert {
    condition     = module.dashboards_and_alerts.is_mute
    error_message = "Alerts go somewhere although there is no webhook."
  }
}

run "more_workers_and_slack" {
  command = plan
  variables {
    worker_count      = 3
    slack_webhook_url = "https://hooks.slack.com/services/T/B/x"
  }

  assert {
    condition     = length(module.airflow.workers) == 3
    error_message = "worker_count does not set how many workers there are."
  }
  assert {
    condition     = !module.dashboards_and_alerts.is_mute
    error_message = "With a webhook, alerts are mute."
  }
}

run "databases_and_lake_elsewhere" {
  command = plan
  variables {
    external_source    = { host = "shop.example.com", database = "shop", user = "reader" }
    external_warehouse = { host = "dwh.example.com", database = "dwh" }
    external_lake      = { endpoint = "https://s3.eu-west-1.amazonaws.com", region = "eu-west-1" }
  }

  assert {
    condition     = length(module.source) + length(module.warehouse) + length(module.lake) == 0
    error_message = "A part that is elsewhere is made here too."
  }
  assert {
    condition     = length(setintersection(output.services, ["source", "warehouse", "lake"])) == 0
    error_message = "A part that is elsewhere is published as a service of this stack."
  }
  assert {
    condition     = output.endpoints.source.host == "shop.example.com" && output.endpoints.warehouse.port == 5432
    error_message = "The endpoints are not those elsewhere."
  }
  assert {
    condition = [output.endpoints.source.secret, output.endpoints.warehouse.secret] == [
      "source_reader_password", "dbt_password"
    ]
    error_message = "The report logs in elsewhere as somebody whom nobody has made there."
  }
}

run "remote_docker_host" {
  command = plan
  variables {
    docker_host         = "ssh://me@big.example.com"
    docker_host_address = "big.example.com"
    repository_path     = "/srv/bikes-store"
  }

  assert {
    condition     = output.pages.grafana.url == "http://big.example.com:3000"
    error_message = "The pages' addresses are not those of the Docker host."
  }
}

run "what_each_variable_refuses" {
  command = plan
  variables {
    ports             = { airflow = 80 }
    secrets           = merge(var.secrets, { dbt_password = "" })
    slack_webhook_url = "hooks.slack.com/services/T/B/x"
    images            = { postgres = "postgres:latest" }
    worker_count      = 0
  }
  expect_failures = [var.ports, var.secrets, var.slack_webhook_url, var.images, var.worker_count]
}

run "a_port_twice_and_a_fernet_key_that_is_none" {
  command = plan
  variables {
    ports   = { airflow = 3000 }
    secrets = merge(var.secrets, { airflow_fernet_key = "short" })
  }
  expect_failures = [var.ports, var.secrets]
}

run "limits_of_a_service_that_is_none" {
  command = plan
  variables {
    limits = { airflow = { memory_mb = 512 } }
  }
  expect_failures = [output.services]
}
