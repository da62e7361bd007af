"""The environment of Airflow's processes and of the init Job, as Kubernetes takes it: a list of name and value."""

from __future__ import annotations

from typing import Any

from cli.airflow_settings import common_settings
from cli.kubernetes.names import AIRFLOW, HOME, MANIFEST, METADATA, RELEASE, SECRETS
from cli.kubernetes.settings import Database, Settings
from cli.names import ADMIN, BUCKETS, ROLES, password_of

# The chart has a value of its own for it, which decides which processes there are.
EXECUTOR = "AIRFLOW__CORE__EXECUTOR"
_CURRENCY_API = "http://currency-api:8000/api/currencydata"
#: The secrets that the init Job logs in with, and writes into Airflow's connections.
OF_INIT = (
    "airflow_admin_password",
    "lake_secret_key",
    *(password_of(role) for role in ("source_reader", "staging_loader", "dbt")),
)


def of_processes(settings: Settings) -> dict[str, str]:
    """The environment of every process of Airflow. What is secret comes from the chart's own settings."""
    environment = common_settings()
    environment.pop(EXECUTOR)
    warehouse = settings.external_warehouse
    environment |= {
        "AIRFLOW__COSMOS__CACHE_DIR": f"{HOME}/cosmos",
        "AIRFLOW__COSMOS__DBT_DOCS_DIR": f"s3://{BUCKETS['logs']}/dbt-docs",
        # No name leads to a pod of a Deployment. Its address does: the page shows the log of a task that runs.
        "AIRFLOW__CORE__HOSTNAME_CALLABLE": "airflow.utils.net.get_host_ip_address",
        # They are in the lake when the task has ended. Nobody else would remove them from a pod that lives long.
        "AIRFLOW__LOGGING__DELETE_LOCAL_LOGS": "True",
        "AIRFLOW__LOGGING__REMOTE_BASE_LOG_FOLDER": f"s3://{BUCKETS['logs']}",
        "AIRFLOW__METRICS__STATSD_HOST": f"{RELEASE}-statsd",
        "AIRFLOW__METRICS__STATSD_PORT": "9125",
        "BIKES_STORE_DBT_MANIFEST": MANIFEST,
        "DATA_BUCKET": BUCKETS["data"],
        "WAREHOUSE_HOST": warehouse.host,
        "WAREHOUSE_PORT": str(warehouse.port),
        "WAREHOUSE_DATABASE": warehouse.database,
    }
    if settings.worker_concurrency is not None:
        environment["AIRFLOW__CELERY__WORKER_CONCURRENCY"] = str(settings.worker_concurrency)
    if settings.dashboards_url:
        environment["BIKES_STORE_DASHBOARDS_URL"] = settings.dashboards_url
    if settings.runbooks_url:
        environment["BIKES_STORE_RUNBOOKS_URL"] = settings.runbooks_url
    if any(each.sslmode.startswith("verify-") for each in (settings.external_source, warehouse)):
        # As terraform/airflow.tf has it: libpq compares a certificate with those in this file.
        environment["PGSSLROOTCERT"] = "/etc/ssl/certs/ca-certificates.crt"
    if settings.git_sync:
        # The webserver has no repository: for the plugins there, the image's own dags/ will do.
        environment["PYTHONPATH"] = f"{HOME}:{HOME}/dags/repo/dags:{HOME}/dags"
    return environment


def of_init(settings: Settings) -> list[dict[str, Any]]:
    """The environment of the init Job: what the init files of airflow/ name, too."""
    environment = of_processes(settings) | {
        EXECUTOR: settings.executor,
        "AIRFLOW_ADMIN_USER": ADMIN,
        "LAKE_ENDPOINT": settings.external_lake.endpoint,
        "LAKE_REGION": settings.external_lake.region,
        "LAKE_ACCESS_KEY": settings.lake_access_key,
        "LOG_RETENTION_DAYS": str(settings.log_retention_days),
        "BIKES_STORE_API_URL": settings.currency_api_url or _CURRENCY_API,
        **_address("SOURCE", settings.external_source),
        **_address("WAREHOUSE", settings.external_warehouse),
        **{f"{role.upper()}_USER": role for role in ROLES["warehouse"] if password_of(role) in OF_INIT},
        "SOURCE_READER_USER": settings.external_source.user,
    }
    return [
        *as_list(environment),
        from_secret("AIRFLOW__DATABASE__SQL_ALCHEMY_CONN", METADATA, "connection"),
        from_secret("AIRFLOW__CORE__FERNET_KEY", AIRFLOW, "fernet-key"),
        from_secret("AIRFLOW__WEBSERVER__SECRET_KEY", AIRFLOW, "webserver-secret-key"),
        *(from_secret(name.upper(), SECRETS, name) for name in (*OF_INIT, "slack_webhook_url")),
    ]


def as_list(environment: dict[str, str]) -> list[dict[str, Any]]:
    """An environment as Kubernetes takes it."""
    return [{"name": name, "value": value} for name, value in environment.items()]


def from_secret(variable: str, secret: str, key: str) -> dict[str, Any]:
    """A variable whose value is in a secret."""
    return {"name": variable, "valueFrom": {"secretKeyRef": {"name": secret, "key": key}}}


def _address(name: str, database: Database) -> dict[str, str]:
    return {
        f"{name}_HOST": database.host,
        f"{name}_PORT": str(database.port),
        f"{name}_DATABASE": database.database,
        f"{name}_SSLMODE": database.sslmode,
    }
