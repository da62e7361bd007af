output "buckets" {
  description = "Names of the buckets. Known once the pipeline's user may write there."
  value       = sort([for bucket in minio_s3_bucket.this : bucket.bucket])
  depends_on  = [minio_iam_user_policy_attachment.pipeline, minio_s3_bucket_versioning.this]
}

output "volume" {
  description = "Name of the volume that the objects are in. Known once MinIO uses it."
  value       = docker_volume.data.name
  depends_on  = [module.service]
}
