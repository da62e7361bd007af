"""The one place that knows Airflow: its connections, variables and context become plain arguments here.

The functions are what the DAGs' tasks call. Hooks and the modules that do the work are imported when a task runs,
not when a DAG file is parsed, which keeps parsing fast.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from airflow.datasets import Dataset
from airflow.exceptions import AirflowFailException, AirflowNotFoundException
from airflow.hooks.base import BaseHook
from airflow.models import Variable
from airflow.stats import Stats

from bikes_store import lake
from bikes_store.errors import Refused
from bikes_store.flags import read_flag
from bikes_store.tables import CURRENCY, CURRENCY_KEY, STAGING_SCHEMA, Table, read_catalogue
from bikes_store.window import FULL, Window, interval_of_run

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from psycopg2.extensions import connection as Connection

SOURCE_CONNECTION = "bikes-store-db"
STAGING_CONNECTION = "staging"
WAREHOUSE_CONNECTION = "warehouse"
LAKE_CONNECTION = "s3-conn"
SLACK_CONNECTION = "slack-notifier"

API_URL = "BIKES_STORE_API_URL"
INCREMENTAL_MODE = "BIKES_STORE_STAGING_INCREMENTAL_MODE"
TABLES_TO_LOAD = "BIKES_STORE_STAGING__table_to_extract_and_load"
WAREHOUSE_INIT = "BIKES_STORE_WAREHOUSE_INIT"

# Where the warehouse is, for the addresses of datasets: a DAG file may not look a connection up while it is parsed,
# so this comes from the same environment that airflow_connections_init.yaml is filled from.
_WAREHOUSE = "{}:{}/{}".format(
    os.environ.get("WAREHOUSE_HOST", "warehouse"),
    os.environ.get("WAREHOUSE_PORT", "5432"),
    os.environ.get("WAREHOUSE_DB", "warehouse"),
)


def lake_dataset(table: Table) -> Dataset:
    """Where the extracted objects of a table lie."""
    return Dataset(lake.folder(table.source))


def staging_dataset(table_name: str) -> Dataset:
    """Where a table of the staging area lies; ``*`` stands for all of them."""
    return Dataset(f"postgres://{_WAREHOUSE}/{STAGING_SCHEMA}/{table_name}")


def extract_database_table(table_name: str, **context: Any) -> dict[str, Any]:
    """Take a table, or this run's slice of it, from the source to the lake."""
    from bikes_store.extract import extract_table

    with _refusals(), closing(_database(SOURCE_CONNECTION)) as source:
        table, _ = _catalogue()[table_name]
        window = _interval(context) if _flag(INCREMENTAL_MODE) else FULL
        client = _lake()
        manifest = extract_table(source, client, table, window, context["run_id"])
    return _extracted(client, table, manifest)


def load_database_table(table_name: str, **context: Any) -> dict[str, int]:
    """Bring what this run extracted of a table from the lake into staging."""
    with _refusals():
        table, key = _catalogue()[table_name]
        return _load(table, key, context)


def extract_currencies(**context: Any) -> dict[str, Any]:
    """Take all currencies from the API to the lake."""
    from bikes_store import currency

    with _refusals():
        client = _lake()
        manifest = currency.extract_currencies(_variable(API_URL), client, context["run_id"])
    return _extracted(client, CURRENCY, manifest)


def load_currencies(**context: Any) -> dict[str, int]:
    """Bring the currencies that this run extracted from the lake into staging."""
    with _refusals():
        return _load(CURRENCY, CURRENCY_KEY, context)


def warehouse_group() -> str:
    """The task group that the variable BIKES_STORE_WAREHOUSE_INIT asks for; what the branch follows."""
    with _refusals():
        return "warehouse_init" if _flag(WAREHOUSE_INIT) else "warehouse"


def report_dbt_tests(project_directory: str, context: Any) -> None:
    """Called after each dbt command: what its tests found becomes the task's error, or a warning to Slack.

    A test that found rows finds them again, so the task fails at once; a test that could not run is left to Cosmos,
    which fails the task in a way that is retried.

    :param project_directory: Cosmos' copy of the dbt project, with what the command left in target/.
    """
    from bikes_store import dbt_tests, metrics

    run_results = Path(project_directory) / "target" / "run_results.json"
    findings = dbt_tests.read_findings(run_results)
    if findings is None:
        return
    with closing(_database(WAREHOUSE_CONNECTION)) as warehouse:
        _send(metrics.of_warehouse(findings, metrics.find_difference(warehouse), time.time()))
        findings = [dbt_tests.with_examples(finding, warehouse) for finding in findings]
    if any(finding.status == "error" for finding in findings):
        return
    failed = [finding for finding in findings if finding.status == "fail"]
    warnings = [finding for finding in findings if finding.status == "warn"]
    if failed:
        text = f"{len(failed)} of dbt's tests failed.\n{dbt_tests.describe(failed)}"
        if warnings:
            text += f"\n{len(warnings)} more only warn.\n{dbt_tests.describe(warnings)}"
        raise AirflowFailException(text)
    if warnings:
        _tell_slack(context, dbt_tests.describe(warnings), warning=True)


def alert_slack(context: Any) -> None:
    """Failure callback of every task: tell Slack, and never get in the way of the task's own state."""
    _tell_slack(context, str(context.get("exception") or ""))


def _tell_slack(context: Any, error: str, warning: bool = False) -> None:
    from bikes_store import alerts

    ti = context["task_instance"]
    alert = alerts.Alert(ti.dag_id, ti.task_id, ti.run_id, ti.try_number, error, ti.log_url, warning)
    alerts.send(alert, _slack_webhook())


#: Of every task. A retry helps where something was out of reach; what is refused fails at once.
DEFAULT_ARGS: dict[str, Any] = {
    "owner": "bikes-store",
    "retries": 2,
    "retry_delay": timedelta(seconds=30),
    "retry_exponential_backoff": True,
    "on_failure_callback": alert_slack,
}


def _extracted(client: S3Client, table: Table, manifest: lake.Manifest) -> dict[str, Any]:
    from bikes_store import metrics

    key = lake.object_key(table.source, manifest.run_id)
    size = client.head_object(Bucket=lake.BUCKET, Key=key)["ContentLength"]
    _send(metrics.of_extract(table, manifest.rows, size))
    return {"rows": manifest.rows, "window": manifest.window}


def _send(gauges: Mapping[str, float]) -> None:
    for name, value in gauges.items():
        Stats.gauge(name, value)


def _load(table: Table, key: tuple[str, ...], context: Any) -> dict[str, int]:
    from bikes_store import metrics
    from bikes_store.load import load_table

    with closing(_database(STAGING_CONNECTION)) as staging:
        loaded = load_table(staging, _lake(), table, key, context["run_id"], _interval(context))
    _send(metrics.of_load(table, loaded, time.time()))
    return {"rows": loaded.rows, "written": loaded.written, "deleted": loaded.deleted}


def _interval(context: Any) -> Window:
    return interval_of_run(context["data_interval_start"], context["data_interval_end"])


def _catalogue() -> dict[str, tuple[Table, tuple[str, ...]]]:
    try:
        value = Variable.get(TABLES_TO_LOAD, deserialize_json=True)
    except KeyError:
        raise _missing_variable(TABLES_TO_LOAD) from None
    except ValueError as error:
        raise Refused(f"Variable {TABLES_TO_LOAD} is not JSON: {error}.") from None
    return read_catalogue(value, TABLES_TO_LOAD)


def _flag(name: str) -> bool:
    return read_flag(_variable(name), name)


def _variable(name: str) -> str:
    try:
        return str(Variable.get(name))
    except KeyError:
        raise _missing_variable(name) from None


def _missing_variable(name: str) -> Refused:
    return Refused(f"Variable {name} is not set: import airflow/airflow_variables_init.json or set it in the UI.")


def _database(connection_id: str) -> Connection:
    from airflow.providers.postgres.hooks.postgres import PostgresHook

    return PostgresHook(connection_id).get_conn()


def _lake() -> S3Client:
    from airflow.providers.amazon.aws.hooks.s3 import S3Hook

    return S3Hook(LAKE_CONNECTION).get_conn()


def _slack_webhook() -> str | None:
    """The incoming webhook's URL: the connection's password, either whole or the part after its host."""
    try:
        connection = BaseHook.get_connection(SLACK_CONNECTION)
    except AirflowNotFoundException:
        return None
    token = connection.password or ""
    if not token or "://" in token:
        return token or None
    return f"{(connection.host or 'https://hooks.slack.com/services').rstrip('/')}/{token.lstrip('/')}"


@contextmanager
def _refusals() -> Iterator[None]:
    """What is refused fails the task at once: no retry would change it."""
    try:
        yield
    except Refused as error:
        raise AirflowFailException(str(error)) from error
