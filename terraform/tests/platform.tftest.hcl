# What the configuration decides, with mocked providers: `terraform -chdir=terraform test`.

mock_provider "docker" {
  mock_resource "docker_container" {
    defaults = { exit_code = 0, container_logs = "" }
  }
}
mock_provider "minio" {}
mock_provider "grafana" {}

variables {
  airflow_db_password      = "a-password"
  airflow_admin_password   = "a-password"
  airflow_fernet_key       = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="
  airflow_secret_key       = "a-password"
  broker_password          = "a-password"
  source_admin_password    = "a-password"
  source_reader_password   = "a-password"
  warehouse_admin_password = "a-password"
  staging_loader_password  = "a-password"
  dbt_password             = "a-password"
  reporter_password        = "a-password"
  monitor_password         = "a-password"
  lake_root_password       = "a-password"
  lake_secret_key          = "a-password"
  grafana_admin_password   = "a-password"
}

run "applies_as_it_is" {
  command = apply

  assert {
    condition     = output.buckets == tolist(["airflow-logs", "bikes-store"])
    error_message = "The lake has not the two buckets."
  }
  assert {
    condition     = output.pages.airflow.url == "http://127.0.0.1:8080"
    error_message = "Airflow is not on loopback."
  }
}

run "dashboards_and_alert_rules" {
  command = plan

  assert {
    condition     = keys(module.grafana.dashboards) == ["pipeline.json", "platform.json", "sales.json"]
    error_message = "Not the three dashboards are planned, but ${join(", ", keys(module.grafana.dashboards))}."
  }
  assert {
    condition     = module.grafana.data_sources == ["prometheus", "warehouse"]
    error_message = "Data sources have other uids than the dashboards name."
  }
  assert {
    condition = module.grafana.alert_rules == tolist([
      "DAG import error",
      "DAG run failed",
      "Database down",
      "Disk filling",
      "Lake down",
      "Metrics missing",
      "Queue stuck",
      "Reconciliation off",
      "Scheduler heartbeat lost",
      "Task failing repeatedly",
      "Warehouse stale",
      "Worker heartbeat lost",
    ])
    error_message = "Other alert rules are planned: ${join(", ", module.grafana.alert_rules)}."
  }
}

run "more_workers" {
  command = plan
  variables {
    worker_count = 3
  }

  assert {
    condition     = length(module.airflow.workers) == 3
    error_message = "worker_count does not set how many workers there are."
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
    error_message = "What is elsewhere is made here too."
  }
  assert {
    condition     = output.endpoints.source.host == "shop.example.com" && output.endpoints.warehouse.port == 5432
    error_message = "The endpoints are not those elsewhere."
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
    error_message = "Pages are not looked for on the Docker host."
  }
}

run "without_slack_nobody_is_told" {
  command = plan

  assert {
    condition     = length(module.grafana.contact_points) == 0
    error_message = "There is a contact point without a webhook."
  }
}

run "with_slack" {
  command = plan
  variables {
    slack_webhook_url = "https://hooks.slack.com/services/T/B/x"
  }

  assert {
    condition     = module.grafana.contact_points == ["slack"]
    error_message = "The webhook makes no contact point."
  }
}

run "a_port_out_of_range" {
  command = plan
  variables {
    ports = { airflow = 80 }
  }
  expect_failures = [var.ports]
}

run "a_port_twice" {
  command = plan
  variables {
    ports = { airflow = 3000 }
  }
  expect_failures = [var.ports]
}

run "an_empty_password" {
  command = plan
  variables {
    dbt_password = ""
  }
  expect_failures = [var.dbt_password]
}

run "a_fernet_key_that_is_none" {
  command = plan
  variables {
    airflow_fernet_key = "short"
  }
  expect_failures = [var.airflow_fernet_key]
}

run "a_webhook_that_is_no_url" {
  command = plan
  variables {
    slack_webhook_url = "hooks.slack.com/services/T/B/x"
  }
  expect_failures = [var.slack_webhook_url]
}

run "a_floating_tag" {
  command = plan
  variables {
    images = { postgres = "postgres:latest" }
  }
  expect_failures = [var.images]
}

run "limits_of_a_service_that_is_none" {
  command = plan
  variables {
    limits = { airflow = { memory_mb = 512 } }
  }
  expect_failures = [var.limits]
}

run "no_worker" {
  command = plan
  variables {
    worker_count = 0
  }
  expect_failures = [var.worker_count]
}
