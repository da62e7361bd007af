output "statsd" {
  description = "Where metrics go, by UDP: host name of statsd-exporter and its container's id. Known once it is healthy."
  value       = { host = module.statsd_exporter.host, port = 9125, id = module.statsd_exporter.id }
}
