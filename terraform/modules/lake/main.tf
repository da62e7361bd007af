/**
 * MinIO, its buckets, and the one user that the pipeline logs in as.
 */

locals {
  services = [module.service.published]
  buckets  = [var.buckets.logs, var.buckets.data]
}

resource "docker_volume" "data" {
  name = "${var.platform.name}-lake-data"
}

module "service" {
  source = "../service"

  platform = var.platform
  name     = "lake"
  image    = var.platform.images.minio
  command  = ["server", "/data", "--address", ":9000", "--console-address", ":9001"]
  env = {
    MINIO_ROOT_USER            = var.root_user
    MINIO_ROOT_PASSWORD        = var.secrets["lake_root_password"]
    MINIO_PROMETHEUS_AUTH_TYPE = "public" # within the platform's network
    MINIO_BROWSER              = "on"
  }
  ports = [
    { internal = 9000, external = var.ports.s3 },
    { internal = 9001, external = var.ports.console },
  ]
  volumes = [
    { container_path = "/data", volume_name = docker_volume.data.name },
  ]
  # The image has MinIO's own client and no curl. https://github.com/minio/minio/issues/18389
  healthcheck = { test = ["CMD", "mc", "ready", "local"], retries = 24 }
  metrics     = { job = "lake", port = 9000, path = "/minio/v2/metrics/cluster" }
}

resource "minio_s3_bucket" "this" {
  for_each = toset(local.buckets)

  bucket        = each.value
  acl           = "private"
  force_destroy = true # `terraform destroy` takes all away, full buckets too

  depends_on = [module.service]
}

resource "minio_s3_bucket_versioning" "this" {
  for_each = minio_s3_bucket.this

  bucket = each.value.bucket
  versioning_configuration {
    status = "Enabled"
  }
}

resource "minio_ilm_policy" "logs" {
  bucket = minio_s3_bucket.this[var.buckets.logs].bucket

  rule {
    id         = "old-logs"
    status     = "Enabled"
    expiration = "${var.log_retention_days}d"
    noncurrent_expiration {
      days = "1d"
    }
    abort_incomplete_multipart_upload {
      days_after_initiation = "1d"
    }
  }

  depends_on = [minio_s3_bucket_versioning.this]
}

# The DAG bikes_store_maintenance deletes old objects of this bucket, when a person has said so. What it deletes, and
# what a repeated run has overwritten, stays as an old version that can be brought back for a month.
resource "minio_ilm_policy" "data" {
  bucket = minio_s3_bucket.this[var.buckets.data].bucket

  rule {
    id         = "old-versions"
    status     = "Enabled"
    expiration = "DeleteMarker"
    noncurrent_expiration {
      days = "30d"
    }
  }

  depends_on = [minio_s3_bucket_versioning.this]
}

resource "minio_iam_user" "pipeline" {
  name          = var.access_key
  secret        = var.secrets["lake_secret_key"]
  force_destroy = true

  depends_on = [module.service]
}

resource "minio_iam_policy" "pipeline" {
  name = "pipeline"
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Effect   = "Allow"
        Action   = ["s3:ListBucket", "s3:GetBucketLocation", "s3:ListBucketMultipartUploads"]
        Resource = [for bucket in local.buckets : "arn:aws:s3:::${bucket}"]
      },
      {
        Effect   = "Allow"
        Action   = ["s3:GetObject", "s3:PutObject", "s3:DeleteObject", "s3:AbortMultipartUpload"]
        Resource = [for bucket in local.buckets : "arn:aws:s3:::${bucket}/*"]
      },
    ]
  })

  depends_on = [module.service]
}

resource "minio_iam_user_policy_attachment" "pipeline" {
  user_name   = minio_iam_user.pipeline.name
  policy_name = minio_iam_policy.pipeline.name
}
