"""What the tasks of both DAGs call."""

from __future__ import annotations

import logging
import time
from contextlib import closing
from typing import TYPE_CHECKING, Any

from bikes_store.airflow_glue import connections, turns, variables
from bikes_store.airflow_glue.failures import no_retry_when_refused
from bikes_store.airflow_glue.stats import send_gauges
from bikes_store.tables import CURRENCY, Table
from bikes_store.window import FULL, Full, Window, interval_of_run, is_due, plan

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

    from bikes_store.lake import Manifest

log = logging.getLogger(__name__)


def extract_database_table(table_name: str, **context: Any) -> dict[str, Any]:
    """Bring a table from the source to the lake: all rows, or in incremental mode those that changed since what the
    staging area holds, to the end of the run's data interval.

    :param context: Airflow's context of the task.
    :return: for the UI, the number of rows and what they cover.
    """
    from bikes_store.extract import extract_table

    with no_retry_when_refused():
        table = variables.tables()[table_name]
        is_incremental = variables.is_incremental()
        window, list_keys, probe = _plan(table, _interval(context)) if is_incremental else (FULL, False, None)
        lake, zone = connections.lake_client(), variables.source_zone()
        with closing(connections.connect(connections.SOURCE)) as source:
            manifest = extract_table(source, lake, table, window, context["run_id"], zone, list_keys, probe)
    return _extracted(lake, table, manifest)


def extract_currencies(**context: Any) -> dict[str, Any]:
    """Bring all currencies from the API to the lake.

    :param context: Airflow's context of the task.
    :return: for the UI, the number of rows and what they cover.
    """
    from bikes_store import currency

    with no_retry_when_refused():
        lake = connections.lake_client()
        manifest = currency.extract_currencies(variables.currency_api_url(), lake, context["run_id"])
    return _extracted(lake, CURRENCY, manifest)


def load_database_table(table_name: str, **context: Any) -> dict[str, int]:
    """Bring what this run extracted of a table from the lake to the staging area.

    :param context: Airflow's context of the task.
    :return: for the UI, the numbers of rows that were read, written and deleted.
    """
    with no_retry_when_refused():
        return _load(variables.tables()[table_name], context)


def load_currencies(**context: Any) -> dict[str, int]:
    """Bring the currencies that this run extracted from the lake to the staging area.

    :param context: Airflow's context of the task.
    :return: for the UI, the numbers of rows that were read, written and deleted.
    """
    with no_retry_when_refused():
        return _load(CURRENCY, context)


def warehouse_group() -> str:
    """Name of the task group that builds the warehouse in this run; the branch follows it."""
    with no_retry_when_refused():
        return "warehouse_init" if variables.is_warehouse_init() else "warehouse"


def options_of_dbt() -> str:
    """PGOPTIONS for dbt's sessions, which have the same timeouts as ours. A template calls it when a task runs."""
    with no_retry_when_refused():
        return variables.session_options()


def prepare_dbt(context: Any) -> None:
    """What comes before each dbt command of the warehouse.

    The task fails at once when the staging area has changed since its run began. When the task is stopped, so are the
    statements of dbt: dbt itself waits for their end.

    :param context: Airflow's context of the task.
    """
    from bikes_store.database import cancel_on_signals
    from bikes_store.dbt_sessions import open_sessions

    with no_retry_when_refused():
        turns.check_one_state(context["run_id"])
    cancel_on_signals(open_sessions)  # until the task's process ends


def prepare_docs(context: Any) -> None:
    """What comes before dbt's documentation is written: it is left as it is when the run failed.

    :param context: Airflow's context of the task.
    """
    from airflow.exceptions import AirflowSkipException

    from bikes_store.airflow_glue.dbt_docs import was_built
    from bikes_store.database import cancel_on_signals
    from bikes_store.dbt_sessions import open_sessions

    if not was_built(context):
        raise AirflowSkipException("The run failed, so dbt's documentation stays as it is.")
    cancel_on_signals(open_sessions)  # until the task's process ends


def _plan(table: Table, interval: Window) -> tuple[Window | Full, bool, int | None]:
    """What a run takes of a table in incremental mode, by what the staging area holds; whether it looks for deleted
    rows; and how the staging area hashes rows. The log says the first, and why.
    """
    from bikes_store.comparison import probe
    from bikes_store.database import transaction
    from bikes_store.load_log import held_until

    with closing(connections.connect(connections.STAGING)) as staging:
        held = held_until(staging, table)
        with transaction(staging, "warehouse") as cursor:
            hashes = probe(cursor)
    window = plan(interval, held, variables.overlap())
    if held is None:
        log.warning("%s: the staging area holds nothing of it, so all rows are taken", table.source)
    elif held < interval.start:
        log.warning(
            "%s: the staging area holds its changes up to %s, and the run's interval begins %s later: what changed"
            " between is taken too (%s, overlap included)",
            table.source,
            held,
            interval.start - held,
            window,
        )
    else:
        log.info("%s: takes what changed in %s (UTC, overlap included)", table.source, window)
    return window, is_due(interval, held, variables.deletions_every_days()), hashes


def _extracted(client: S3Client, table: Table, manifest: Manifest) -> dict[str, Any]:
    from bikes_store import lake, metrics

    key = lake.object_key(table.source, manifest.run_id)
    size = client.head_object(Bucket=lake.BUCKET, Key=key)["ContentLength"]
    send_gauges(metrics.of_extract(table, manifest.rows, size))
    return {"rows": manifest.rows, "window": manifest.window}


def _load(table: Table, context: Any) -> dict[str, int]:
    from bikes_store import metrics
    from bikes_store.load import load_table

    limit = variables.deletion_limit(table, context["run_id"])
    with closing(connections.connect(connections.STAGING)) as staging:
        lake = connections.lake_client()
        loaded = load_table(staging, lake, table, context["run_id"], _interval(context), limit)
    send_gauges(metrics.of_load(table, loaded, time.time()))
    return {"rows": loaded.rows, "written": loaded.written, "deleted": loaded.deleted}


def _interval(context: Any) -> Window:
    return interval_of_run(context["data_interval_start"], context["data_interval_end"])
