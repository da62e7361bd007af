output "buckets" {
  description = "Names of the buckets. Known once the pipeline's user may write there."
  value       = sort([for bucket in minio_s3_bucket.this : bucket.bucket])
  depends_on  = [minio_iam_user_policy_attachment.pipeline, minio_s3_bucket_versioning.this]
}

output "services" {
  description = "Names of the services."
  value       = local.services[*].name
}

output "scrape_targets" {
  description = "What Prometheus reads here."
  value       = flatten(local.services[*].scrape_targets)
}

output "volumes" {
  description = "Volumes that hold data: what they hold => name. Known once MinIO uses them."
  value       = { lake = docker_volume.data.name }
  depends_on  = [module.service]
}
