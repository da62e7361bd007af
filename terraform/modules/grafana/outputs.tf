output "dashboards" {
  description = "Dashboards, by file."
  value       = { for file, dashboard in grafana_dashboard.this : file => dashboard.uid }
}

output "contact_points" {
  description = "Names of the contact points."
  value       = grafana_contact_point.slack[*].name
}
