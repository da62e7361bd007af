"""The demo's Airflow: its environment, its preparation, its four processes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import requests
from celery import Celery

from cli.airflow_settings import common_settings
from cli.errors import UserError
from cli.files import write_private
from cli.names import ADMIN, BUCKETS, DATABASES, LAKE_ACCESS_KEY, LAKE_REGION, password_of
from cli.paths import AIRFLOW, DBT_PROJECT, REPOSITORY, manifest_in
from cli.processes import broker, currency_api
from cli.processes.settings import LOOPBACK, Settings
from cli.processes.supervisor import Service
from cli.repository import runbooks_url

PORTS = {"airflow": 8080}

_BIN = Path(sys.prefix) / "bin"
# As long as a stack in containers keeps them (log_retention_days in terraform/variables.tf).
_LOG_RETENTION_DAYS = 30
# The roles that Airflow's connections log in with.
_ROLES = ("source_reader", "staging_loader", "dbt")


def environment(settings: Settings) -> dict[str, str]:
    """What every Airflow process needs: the common settings, and where things are on this machine."""
    home = settings.home / "airflow"
    database = settings.dsn(DATABASES["airflow"], DATABASES["airflow"], "airflow_db_password")
    return {
        **common_settings(),
        "PATH": f"{_BIN}{os.pathsep}{os.environ.get('PATH', os.defpath)}",
        "HOME": os.environ.get("HOME", str(home)),
        "LANG": "C.UTF-8",
        "AIRFLOW_HOME": str(home),
        "AIRFLOW__CORE__DAGS_FOLDER": str(REPOSITORY / "dags"),
        "AIRFLOW__CORE__FERNET_KEY": settings.secrets["airflow_fernet_key"],
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": database,
        "AIRFLOW__CELERY__BROKER_URL": broker.url(settings),
        "AIRFLOW__CELERY__RESULT_BACKEND": f"db+{database}",
        # Somebody watches a demo, so its scheduler looks for work more often than that of a platform in containers.
        "AIRFLOW__SCHEDULER__SCHEDULER_IDLE_SLEEP_TIME": "0.1",
        "AIRFLOW__SCHEDULER__JOB_HEARTBEAT_SEC": "2",
        # What dbt parsed in one task is kept for the next task.
        "AIRFLOW__COSMOS__CACHE_DIR": str(home / "cosmos"),
        # In this bucket old versions end after a day.
        "AIRFLOW__COSMOS__DBT_DOCS_DIR": f"s3://{BUCKETS['logs']}/dbt-docs",
        "AIRFLOW__LOGGING__BASE_LOG_FOLDER": str(home / "logs"),
        "AIRFLOW__LOGGING__REMOTE_BASE_LOG_FOLDER": f"s3://{BUCKETS['logs']}",
        "AIRFLOW__METRICS__STATSD_HOST": LOOPBACK,
        "AIRFLOW__METRICS__STATSD_PORT": str(settings.ports["statsd"]),
        "AIRFLOW__WEBSERVER__BASE_URL": settings.airflow_url,
        "AIRFLOW__WEBSERVER__WEB_SERVER_HOST": LOOPBACK,
        "AIRFLOW__WEBSERVER__WEB_SERVER_PORT": str(settings.ports["airflow"]),
        "AIRFLOW__WEBSERVER__SECRET_KEY": settings.secrets["airflow_secret_key"],
        **_warehouse_address(settings),
        "DATA_BUCKET": BUCKETS["data"],
        "BIKES_STORE_RUNBOOKS_URL": runbooks_url() or "",
        "BIKES_STORE_DBT_PROJECT": str(DBT_PROJECT),
        "BIKES_STORE_DBT_MANIFEST": str(dbt_manifest(settings)),
    }


def services(settings: Settings, open_lineage: Mapping[str, object] | None = None) -> list[Service]:
    """Webserver, scheduler, triggerer and one Celery worker, in the order to start them in.

    :param open_lineage: the transport of OpenLineage's events; None if there are none.
    """
    variables = environment(settings)
    if open_lineage:
        # supervisord can't pass on the quotes of JSON. What JSON is, is YAML too.
        config = settings.home / "airflow" / "openlineage.yml"
        config.parent.mkdir(parents=True, exist_ok=True)
        write_private(config, json.dumps({"transport": open_lineage}))
        variables |= {"AIRFLOW__OPENLINEAGE__DISABLED": "False", "AIRFLOW__OPENLINEAGE__CONFIG_PATH": str(config)}

    def service(name: str, *arguments: str) -> Service:
        ready = _web_ready if name == "webserver" else _job_ready
        command = [str(_BIN / "airflow"), *arguments]
        return Service(name, command, lambda: ready(settings, name), variables, priority=2)

    return [
        service("scheduler", "scheduler"),
        service("webserver", "webserver"),
        # Their log servers would listen on every address of the machine. Logs are read from the lake instead.
        service("triggerer", "triggerer", "--skip-serve-logs"),
        # It is the only worker, and would wait a second for an answer of others.
        service("worker", "celery", "worker", "--skip-serve-logs", "--without-mingle"),
    ]


def create_directories(settings: Settings) -> None:
    home = settings.home / "airflow"
    (home / "logs").mkdir(parents=True, exist_ok=True)
    for name in ("config", "plugins"):
        if not (home / name).is_symlink():
            (home / name).symlink_to(AIRFLOW / name)


def prepare(settings: Settings, currency_url: str, slack_webhook: str) -> None:
    """Make Airflow's tables, connections, variables and the user that a person and the demo log in with."""
    admin = {"AIRFLOW_ADMIN_USER": ADMIN, "AIRFLOW_ADMIN_PASSWORD": settings.secrets["airflow_admin_password"]}
    values = init_values(settings, currency_url, slack_webhook)
    values["BIKES_STORE_API_URL_BEFORE"] = " ".join(currency_api.left_urls(settings))
    # An earlier demo was stopped in the middle of a run, or was killed: its processes are gone, its database is not.
    command = [sys.executable, str(AIRFLOW / "prepare.py"), "--nothing-runs"]
    _run(settings, command, "airflow/prepare.py", {**values, **admin})


def parse_dbt_project(settings: Settings) -> None:
    """Write dbt's manifest, from which the warehouse DAG is made. It needs no database."""
    _run(settings, [sys.executable, str(AIRFLOW / "write_manifest.py")], "dbt parse")


def dbt_manifest(settings: Settings) -> Path:
    return manifest_in(settings.home).resolve()


def run(settings: Settings, *arguments: str) -> str:
    """Run an Airflow command; returns what it prints.

    :raises UserError: when it fails; the message has the end of its output.
    """
    return _run(settings, [str(_BIN / "airflow"), *arguments], f"airflow {' '.join(arguments[:2])}")


def _run(settings: Settings, command: list[str], name: str, variables: Mapping[str, str] | None = None) -> str:
    done = subprocess.run(
        command,
        env={**os.environ, **environment(settings), **(variables or {})},
        capture_output=True,
        text=True,
    )
    if done.returncode != 0:
        words = "\n".join((done.stdout + done.stderr).strip().splitlines()[-15:])
        raise UserError(f"`{name}` failed:\n{words}")
    return done.stdout


def init_values(settings: Settings, currency_url: str, slack_webhook: str) -> dict[str, str]:
    """The values for each ``${NAME}`` in the init files."""
    values = {
        "SOURCE_HOST": LOOPBACK,
        "SOURCE_PORT": str(settings.ports["postgres"]),
        "SOURCE_DATABASE": DATABASES["source"],
        "SOURCE_SSLMODE": "disable",  # on loopback
        "WAREHOUSE_SSLMODE": "disable",
        **_warehouse_address(settings),
        "LAKE_ENDPOINT": settings.lake_endpoint,
        "LAKE_REGION": LAKE_REGION,
        "LAKE_ACCESS_KEY": LAKE_ACCESS_KEY,
        "LAKE_SECRET_KEY": settings.secrets["lake_secret_key"],
        "LOG_RETENTION_DAYS": str(_LOG_RETENTION_DAYS),
        "BIKES_STORE_API_URL": currency_url,
        "SLACK_WEBHOOK_URL": slack_webhook,
    }
    for role in _ROLES:
        values[f"{role}_user".upper()] = role
        values[password_of(role).upper()] = settings.secrets[password_of(role)]
    return values


def _warehouse_address(settings: Settings) -> dict[str, str]:
    return {
        "WAREHOUSE_HOST": LOOPBACK,
        "WAREHOUSE_PORT": str(settings.ports["postgres"]),
        "WAREHOUSE_DATABASE": DATABASES["warehouse"],
    }


def _web_ready(settings: Settings, _: str) -> bool:
    return requests.get(f"{settings.airflow_url}/health", timeout=5).ok


def _job_ready(settings: Settings, name: str) -> bool:
    if name == "worker":
        return bool(Celery(broker=broker.url(settings)).control.ping(timeout=1, limit=1))
    health: Mapping[str, Mapping[str, str]] = requests.get(f"{settings.airflow_url}/health", timeout=5).json()
    return health[name]["status"] == "healthy"
