output "dashboards" {
  description = "Dashboards, by file."
  value       = { for file, dashboard in grafana_dashboard.this : file => dashboard.uid }
}

output "is_mute" {
  description = "Whether nobody is told of alerts."
  value       = !local.has_slack
}

output "data_sources" {
  description = "Uids of the data sources."
  value       = [grafana_data_source.prometheus.uid, grafana_data_source.warehouse.uid]
}

output "alert_rules" {
  description = "Names of the alert rules."
  value       = sort(flatten([for group in grafana_rule_group.this : group.rule[*].name]))
}
