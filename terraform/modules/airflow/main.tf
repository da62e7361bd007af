/**
 * Airflow 2.10.2 with the Celery executor: its database, its broker, its first steps, its processes.
 */

locals {
  # Those that stay up. The workers are of one kind, and there is always a first one.
  services = [
    module.redis.published,
    module.redis_exporter.published,
    module.scheduler.published,
    module.webserver.published,
    module.triggerer.published,
    module.worker[0].published,
  ]

  home           = "/opt/airflow"
  database_login = "${var.database}:${urlencode(var.secrets["airflow_db_password"])}"
  database_url   = "${local.database_login}@${module.database.host}:5432/${var.database}"
  broker_url     = "redis://:${urlencode(var.secrets["broker_password"])}@${module.redis.host}:6379/0"

  # airflow/airflow.env holds what is the same wherever the platform runs.
  common = {
    for pair in regexall("(?m)^([A-Z0-9_]+)=(.*)$", file("${var.repository}/airflow/airflow.env")) : pair[0] => pair[1]
  }

  worker_settings = var.worker_concurrency == null ? {} : {
    AIRFLOW__CELERY__WORKER_CONCURRENCY = tostring(var.worker_concurrency)
  }

  env = merge(local.common, local.worker_settings, var.env, {
    AIRFLOW__CORE__FERNET_KEY                = var.secrets["airflow_fernet_key"]
    AIRFLOW__DATABASE__SQL_ALCHEMY_CONN      = "postgresql+psycopg2://${local.database_url}"
    AIRFLOW__CELERY__RESULT_BACKEND          = "db+postgresql://${local.database_url}"
    AIRFLOW__CELERY__BROKER_URL              = local.broker_url
    AIRFLOW__COSMOS__CACHE_DIR               = "${local.home}/cosmos"
    AIRFLOW__COSMOS__DBT_DOCS_DIR            = "s3://${var.buckets.logs}/dbt-docs" # there, old versions end after a day
    AIRFLOW__LOGGING__REMOTE_BASE_LOG_FOLDER = "s3://${var.buckets.logs}"
    AIRFLOW__METRICS__STATSD_HOST            = var.statsd.host
    AIRFLOW__METRICS__STATSD_PORT            = tostring(var.statsd.port)
    AIRFLOW__WEBSERVER__BASE_URL             = var.url
    AIRFLOW__WEBSERVER__SECRET_KEY           = var.secrets["airflow_secret_key"]
    BIKES_STORE_DBT_MANIFEST                 = "${local.home}/dbt-target/manifest.json"
    DATA_BUCKET                              = var.buckets.data
    WAREHOUSE_HOST                           = var.warehouse.host
    WAREHOUSE_PORT                           = tostring(var.warehouse.port)
    WAREHOUSE_DATABASE                       = var.warehouse.database
  })

  # Read-only, as the DAGs and the dbt project are on the Docker host: a changed file is seen without a rebuild.
  volumes = [
    { container_path = "${local.home}/dags", host_path = "${var.host_repository}/dags", read_only = true },
    { container_path = "${local.home}/dbt", host_path = "${var.host_repository}/dbt", read_only = true },
    { container_path = "${local.home}/dbt-target", volume_name = docker_volume.dbt_target.name },
  ]

  # sha1 over the dbt project: a changed one runs init again, which writes dbt's manifest.
  dbt_files = [
    for file in fileset("${var.repository}/dbt", "**") : file
    if !can(regex("(^|/)(target|logs|dbt_packages|__pycache__)/|\\.user\\.yml$", file))
    # Nor what an editor puts beside the file that is open.
    && !can(regex("(^|/)([.]#[^/]*$|#[^/]*#$|[.]DS_Store$|[^/]*(~|[.]sw[a-p])$)", file))
  ]
  # So does another way to compare the two.
  dbt_sha1 = sha1(join("", concat(
    [for file in local.dbt_files : "${file}:${filesha1("${var.repository}/dbt/${file}")}"],
    [filesha1("${var.repository}/dags/bikes_store/dbt_structure.py")],
  )))
}

resource "docker_volume" "dbt_target" {
  name = "${var.platform.name}-dbt-target"
}

module "database" {
  source = "../postgres"

  platform       = var.platform
  secrets        = var.secrets
  name           = "airflow-db"
  database       = var.database
  user           = var.database
  password       = var.secrets["airflow_db_password"]
  shared_buffers = "128MB"
}

# Its queues are kept: a broker that is started again goes on with the tasks that wait.
resource "docker_volume" "redis" {
  name = "${var.platform.name}-redis-data"
}

module "redis" {
  source = "../service"

  platform = var.platform
  name     = "redis"
  image    = var.platform.images.redis
  # The entrypoint makes the data folder the server's, as root, and then becomes the server's user.
  capabilities = ["CHOWN", "DAC_OVERRIDE", "FOWNER", "SETGID", "SETUID"]
  # The command begins with redis-server: then the image's entrypoint leaves root behind, and Docker's SIGTERM reaches
  # the server. The password goes by a file: a command line is for everybody of the host to read.
  command = ["redis-server", "/usr/local/etc/redis.conf"]
  files = {
    "/usr/local/etc/redis.conf" = "requirepass ${var.secrets["broker_password"]}\nappendonly yes\ndir /data\n"
  }
  env = { REDISCLI_AUTH = var.secrets["broker_password"] } # for the health check
  volumes = [
    { container_path = "/data", volume_name = docker_volume.redis.name },
  ]
  healthcheck = { test = ["CMD-SHELL", "redis-cli ping | grep -q PONG"] }
}

# Its metrics, for Prometheus.
module "redis_exporter" {
  source = "../service"

  platform = var.platform
  name     = "redis-exporter"
  image    = var.platform.images.redis_exporter

  read_only = true
  memory_mb = 128

  env = {
    REDIS_ADDR     = "redis://${module.redis.host}:6379"
    REDIS_PASSWORD = var.secrets["broker_password"]
  }
  healthcheck = {
    test    = ["CMD", "wget", "-q", "-O", "/dev/null", "http://127.0.0.1:9121/metrics"]
    retries = 24
  }
  metrics = { job = "redis", port = 9121 }
}

# Tables, connections, variables, the admin, dbt's manifest. Ends when all is done.
module "init" {
  source = "../job"

  platform = var.platform
  name     = "airflow-init"
  image    = var.image
  command  = ["airflow/init.sh"]
  env = merge(local.env, var.init, {
    AIRFLOW_ADMIN_USER     = var.admin
    AIRFLOW_ADMIN_PASSWORD = var.secrets["airflow_admin_password"]
    DBT_PROJECT_SHA1       = local.dbt_sha1
  })
  volumes = local.volumes
}

locals {
  # A new run of init replaces the processes: they may have read what it changed. So does a new statsd-exporter: each
  # process looks its address up once, and would go on sending to the old one.
  process_env = merge(local.env, { INITIALISED_BY = module.init.id, STATSD_EXPORTER = var.statsd.id })

  # Not the scheduler's own health server: its process shares the scheduler's database connection from before it was
  # forked, and its first answer may take one that the scheduler then waits for, for ever.
  healthchecks = {
    for name in ["SchedulerJob", "TriggererJob", "worker"] : name => {
      test         = ["CMD", "python", "/opt/airflow/airflow/is_alive.py", name]
      interval     = "10s"
      timeout      = "15s"
      start_period = "1m0s"
      retries      = 6
    }
  }
}

module "scheduler" {
  source = "../service"

  platform    = var.platform
  name        = "airflow-scheduler"
  image       = var.image
  command     = ["airflow", "scheduler"]
  env         = local.process_env
  volumes     = local.volumes
  healthcheck = local.healthchecks["SchedulerJob"]
}

module "webserver" {
  source = "../service"

  platform = var.platform
  name     = "airflow-webserver"
  image    = var.image
  command  = ["airflow", "webserver"]
  env      = local.process_env
  volumes  = local.volumes
  ports    = [{ internal = 8080, external = var.port }]
  healthcheck = {
    test         = ["CMD", "curl", "--fail", "--silent", "--output", "/dev/null", "http://127.0.0.1:8080/health"]
    interval     = "10s"
    timeout      = "10s"
    start_period = "1m0s"
  }
}

module "triggerer" {
  source = "../service"

  platform    = var.platform
  name        = "airflow-triggerer"
  image       = var.image
  command     = ["airflow", "triggerer"]
  env         = local.process_env
  volumes     = local.volumes
  healthcheck = local.healthchecks["TriggererJob"]
}

module "worker" {
  source = "../service"
  count  = var.worker_count

  platform     = var.platform
  name         = "airflow-worker-${count.index + 1}"
  kind         = "airflow-worker"
  image        = var.image
  command      = ["airflow", "celery", "worker"]
  env          = local.process_env
  volumes      = local.volumes
  healthcheck  = local.healthchecks["worker"]
  stop_seconds = 60
}
