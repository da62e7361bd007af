/**
 * What Grafana shows and what it watches, as code.
 */

locals {
  prometheus_uid = "prometheus"
  warehouse_uid  = "warehouse"

  rules      = yamldecode(file(var.alert_rules))
  has_slack  = nonsensitive(var.slack_webhook_url != "")
  dashboards = fileset(var.dashboards, "*.json")
}

resource "grafana_data_source" "prometheus" {
  name       = "Prometheus"
  type       = "prometheus"
  uid        = local.prometheus_uid
  url        = var.prometheus_url
  is_default = true
}

resource "grafana_data_source" "warehouse" {
  name          = "Warehouse"
  type          = "grafana-postgresql-datasource"
  uid           = local.warehouse_uid
  url           = "${var.warehouse.host}:${var.warehouse.port}"
  username      = var.warehouse.user
  database_name = var.warehouse.database
  json_data_encoded = jsonencode({
    database = var.warehouse.database, sslmode = var.warehouse.sslmode, postgresVersion = 1500
  })
  secure_json_data_encoded = jsonencode({ password = var.warehouse.password })
}

resource "grafana_folder" "this" {
  title = "Bikes Store"
  uid   = "bikes-store"
}

resource "grafana_dashboard" "this" {
  for_each = local.dashboards

  folder      = grafana_folder.this.uid
  config_json = replace(file("${var.dashboards}/${each.value}"), "http://127.0.0.1:8080", var.airflow_url)
  overwrite   = true

  depends_on = [grafana_data_source.prometheus, grafana_data_source.warehouse]
}

# Known once Airflow is up: before that, its heartbeats would be missed.
resource "terraform_data" "airflow" {
  input = var.rules_wait_for
}

# One query, one threshold on its last value: the same two that the tests put to Prometheus.
resource "grafana_rule_group" "this" {
  for_each = { for group in local.rules.groups : group.name => group }

  name             = each.key
  folder_uid       = grafana_folder.this.uid
  interval_seconds = each.value.interval_seconds

  dynamic "rule" {
    for_each = each.value.rules
    content {
      # Its own, so that a rule that is added before it does not take over its state.
      uid            = replace(lower(rule.value.name), "/[^a-z0-9]+/", "-")
      name           = rule.value.name
      condition      = "threshold"
      for            = rule.value.for
      no_data_state  = rule.value.no_data_state
      exec_err_state = "Error"
      labels         = { severity = rule.value.severity }
      annotations = merge(
        { summary = rule.value.summary, runbook = "docs/runbooks/${rule.value.runbook}" },
        # A link that is not absolute is dead in Slack and in Grafana.
        var.runbooks_url == null ? {} : { runbook_url = "${trimsuffix(var.runbooks_url, "/")}/${rule.value.runbook}" },
      )

      data {
        ref_id         = "query"
        datasource_uid = grafana_data_source.prometheus.uid
        relative_time_range {
          from = 600
          to   = 0
        }
        model = jsonencode({ refId = "query", expr = rule.value.expr, instant = true })
      }
      data {
        ref_id         = "threshold"
        datasource_uid = "__expr__"
        relative_time_range {
          from = 0
          to   = 0
        }
        model = jsonencode({
          refId      = "threshold"
          type       = "threshold"
          expression = "query"
          conditions = [{ evaluator = { type = rule.value.is, params = [rule.value.threshold] } }]
        })
      }
    }
  }

  depends_on = [terraform_data.airflow]
}

# Both are there with and without a webhook. Terraform would remove one before the policy lets go of it, and Grafana
# removes none that is used. `create_before_destroy` would turn that round, but also for all that the two depend on: a
# container can't be made while the old one has its name.
resource "grafana_contact_point" "slack" {
  name = "slack"
  slack {
    url   = local.has_slack ? var.slack_webhook_url : "http://127.0.0.1:9/no-webhook-is-set" # mute, see below
    title = "{{ .Status | toUpper }}: {{ .CommonLabels.alertname }}"
    text  = file(var.slack_message)
  }
}

resource "grafana_mute_timing" "always" {
  name = "always"
  intervals {
    days_of_month = ["1:31"]
  }
}

# What is critical is told at once and again each hour; the rest is gathered.
resource "grafana_notification_policy" "this" {
  contact_point   = grafana_contact_point.slack.name
  group_by        = ["alertname"]
  group_wait      = "1m"
  group_interval  = "10m"
  repeat_interval = "12h"

  dynamic "policy" {
    for_each = local.has_slack ? ["critical"] : []
    content {
      contact_point   = grafana_contact_point.slack.name
      group_by        = ["alertname"]
      group_wait      = "10s"
      group_interval  = "2m"
      repeat_interval = "1h"
      matcher {
        label = "severity"
        match = "="
        value = policy.value
      }
    }
  }

  # The policy above all can't be mute: one below it takes every alert.
  dynamic "policy" {
    for_each = local.has_slack ? [] : [grafana_mute_timing.always.name]
    content {
      contact_point = grafana_contact_point.slack.name
      group_by      = ["alertname"]
      mute_timings  = [policy.value]
      matcher {
        label = "alertname"
        match = "=~"
        value = ".+"
      }
    }
  }
}
