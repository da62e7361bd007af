output "statsd_host" {
  description = "Host name of statsd-exporter. Known once it is healthy."
  value       = module.statsd_exporter.host
}
