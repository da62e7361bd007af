/**
 * The one image of our own: Airflow, dbt and the currency service, from airflow/Dockerfile and uv.lock.
 */

locals {
  # What the Dockerfile copies. dags/ and dbt/ are mounted, so a change there builds nothing.
  files = concat(
    ["pyproject.toml", "uv.lock", ".dockerignore"],
    flatten([for folder in ["airflow", "source", "warehouse"] : [
      for file in fileset("${var.context}/${folder}", "**") : "${folder}/${file}"
      # Not what Python makes, nor an editor beside the file that is open: .dockerignore leaves them out too.
      if !can(regex("(^|/)(__pycache__/|[.]#[^/]*$|#[^/]*#$|[.]DS_Store$|[^/]*(~|[.]sw[a-p])$)", file))
    ]]),
  )
  digest = sha1(join("", concat(
    [for file in local.files : "${file}:${filesha1("${var.context}/${file}")}"],
    [var.base, var.extra_ca_certificates],
  )))
}

resource "docker_image" "this" {
  name = "${var.name}-airflow:${substr(local.digest, 0, 12)}"
  # Containers use the old one until they are replaced, and a clone with another state may use it. `make up` and `make
  # down` remove those that nothing uses.
  keep_locally = true

  build {
    context    = var.context
    dockerfile = "airflow/Dockerfile"
    # buildx builds with either image store of Docker, on the engine that DOCKER_HOST or the context names, whatever the
    # provider's host is. The engine's own builder follows the host; with the containerd store, since Docker 28.3 alone.
    use_legacy_builder = var.use_legacy_builder
    build_args         = { BASE_IMAGE = var.base, EXTRA_CA_CERTIFICATES = var.extra_ca_certificates }
  }

  triggers = { files = local.digest }

  lifecycle {
    create_before_destroy = true
  }
}
