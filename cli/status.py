"""`make status`: how the stack that is up is doing, on one screen.

    python -m cli.status

What can't be asked is a sentence in its place, so that the rest is shown while a part is down. ENDPOINTS names the file
with the stack's endpoints.
"""

from __future__ import annotations

import os
import shutil
import sys
import time
from collections.abc import Iterable, Mapping
from contextlib import closing
from datetime import datetime, timezone
from pathlib import Path

import psycopg2
import requests
from rich.console import Console

from bikes_store.errors import Refused, Unavailable
from bikes_store.tables import STAGED, STAGING_SCHEMA, WAREHOUSE_SCHEMA
from cli import freshness
from cli.airflow_client import MAINTENANCE_DAG, STAGING_DAG, WAREHOUSE_DAG, Airflow, look
from cli.console import run_command
from cli.database import connect, query
from cli.endpoints import OF_PROCESSES, Endpoints, find_endpoints
from cli.errors import UserError
from cli.pages import alerts
from cli.pages.prometheus import Metrics
from cli.sections import Row, Section, section, show

_DAGS = (STAGING_DAG, WAREHOUSE_DAG, MAINTENANCE_DAG)
_RUNS = 2  # of each DAG
_IN_FLIGHT = ("queued", "running")
# A count of a large table takes long. After this time, estimates have to do.
_MILLISECONDS_TO_COUNT = 5000
_COUNT = "SELECT '{0}', count(*) FROM {1}"
_ESTIMATE = "SELECT '{0}', greatest(reltuples, 0)::bigint FROM pg_class WHERE oid = '{1}'::regclass"
_DISKS = {
    "free": 'min by (volume) (node_filesystem_avail_bytes{volume!=""})',
    "size": 'min by (volume) (node_filesystem_size_bytes{volume!=""})',
}
_LITTLE = 0.15  # the share of a disk that the alert "Disk filling" wants to be free


def main() -> int:
    return run_command(status, "Stopped.")


def status(console: Console) -> int:
    """Show how the stack is doing; returns 0, whatever it finds.

    :raises UserError: when no stack is up.
    """
    path = find_endpoints(os.environ.get("ENDPOINTS"))
    endpoints = Endpoints.read(path)
    runs, tables = _runs(endpoints.airflow()), _tables(endpoints.warehouse_dsn)
    if not (runs.rows or tables.rows):  # neither of the two answers
        raise UserError(f"The stack of {path} does not answer: is it up? `make demo` or `make up` starts it.")
    for each in (runs, tables, _warehouse(endpoints.warehouse_dsn), _alerts(endpoints.prometheus_url)):
        show(console, each, compact=True)
    show(console, _disk(endpoints, path.parent if path == OF_PROCESSES else None), compact=True)
    return 0


def _runs(airflow: Airflow) -> Section:
    rows: list[Row] = []
    lines: list[str] = []
    try:
        for dag_id in _DAGS:
            _add_runs(airflow, dag_id, rows, lines)
    except UserError as error:
        lines.append(str(error))
    return section("Runs", "DAG, run, state, started (UTC), seconds>", rows, lines=lines)


def _add_runs(airflow: Airflow, dag_id: str, rows: list[Row], lines: list[str]) -> None:
    """Add the runs of a DAG that are in flight and the last ones, and what there is to say about them."""
    if airflow.request("GET", f"/dags/{dag_id}").status_code == requests.codes.not_found:
        rows.append(Row([dag_id, "–", "not there", "", ""], wrong=True))
        lines.append(f"{dag_id}: Airflow has not read its file yet, or can't import it.")
        return
    if airflow.call("GET", f"/dags/{dag_id}")["is_paused"]:
        lines.append(f"{dag_id} is paused.")
    found = airflow.last_runs(dag_id, _RUNS)
    if not found:
        rows.append(Row([dag_id, "–", "no run yet", "", ""]))
    for number, run in enumerate(found):
        start, end = (datetime.fromisoformat(run[name]) if run[name] else None for name in ("start_date", "end_date"))
        if run["state"] in _IN_FLIGHT:
            state = look(airflow, dag_id, run["dag_run_id"])
            lines.append(f"{dag_id}: {state.ended} of {len(state.tasks)} tasks done: {state.now}.")
            end = datetime.now(timezone.utc)
        rows.append(
            Row(
                [
                    dag_id,
                    run["dag_run_id"],
                    run["state"],
                    f"{start:%Y-%m-%d %H:%M}" if start else "",
                    f"{(end - start).total_seconds():,.0f}" if start and end else "",
                ],
                # What failed before the last run has been made good by that.
                wrong=run["state"] == "failed" and number == 0,
            )
        )


def _tables(dsn: str) -> Section:
    names = {table.source: f'"{STAGING_SCHEMA}"."{name}"' for name, table in STAGED.items()}
    try:
        with closing(psycopg2.connect(dsn, connect_timeout=5)) as warehouse:
            found = freshness.read_freshness(warehouse)
        return freshness.as_section(found, _count(dsn, names))
    except (psycopg2.Error, Refused, Unavailable) as error:
        return section("Freshness", "table", [], note=_reason("warehouse", error))


def _warehouse(dsn: str) -> Section:
    """The rows of what dbt built, in a few lines: there are some thirty tables."""
    try:
        built = [
            name
            for (name,) in query(
                dsn,
                f"SELECT tablename FROM pg_tables WHERE schemaname = '{WAREHOUSE_SCHEMA}'"
                " AND tablename ~ '^(dim|fact|mart)_' ORDER BY 1",
            )
        ]
        counts = _count(dsn, {name: f'"{WAREHOUSE_SCHEMA}"."{name}"' for name in built}) if built else {}
    except psycopg2.Error as error:
        return section("Warehouse", "table", [], note=_reason("warehouse", error))
    lines = [
        ", ".join(f"{name} {counts[name]}" for name in built if name.startswith(kind))
        for kind in ("dim_", "fact_", "mart_")
    ]
    return section(
        "Warehouse", "table", [], note="" if built else "Nothing is built yet.", lines=list(filter(None, lines))
    )


def _count(dsn: str, relations: Mapping[str, str]) -> dict[str, str]:
    """The rows of each relation, in words. Where counting takes too long, PostgreSQL's estimates, with a ~."""
    with connect(dsn) as connection, connection.cursor() as cursor:
        cursor.execute(f"SET LOCAL statement_timeout = {_MILLISECONDS_TO_COUNT}; SAVEPOINT counting")
        sign = ""
        try:
            cursor.execute(_for_each(_COUNT, relations))
        except psycopg2.errors.QueryCanceled:
            cursor.execute("ROLLBACK TO counting; SET LOCAL statement_timeout = 0")
            cursor.execute(_for_each(_ESTIMATE, relations))
            sign = "~"
        return {name: f"{sign}{rows:,}" for name, rows in cursor.fetchall()}


def _for_each(query: str, relations: Mapping[str, str]) -> str:
    return " UNION ALL ".join(query.format(name, held) for name, held in relations.items())


def _alerts(prometheus_url: str) -> Section:
    if not prometheus_url:
        return section("Alerts", "alert", [], note="Nobody watches: this stack has no Prometheus.")
    try:
        held = list(alerts.holding(Metrics(prometheus_url, time.time(), "now-6h", {})))
    except requests.RequestException:
        return section("Alerts", "alert", [], note=f"Prometheus at {prometheus_url} does not answer.")
    rows = [
        Row([name, severity, summaries[0], f"{len(summaries):,}"], wrong=True)
        for (name, severity), summaries in _together(held).items()
    ]
    return section("Alerts", "alert, severity, the first, all>", rows, note="" if rows else "None.")


def _together(held: Iterable[tuple[str, str, str]]) -> dict[tuple[str, str], list[str]]:
    """The summaries of each rule: of nineteen tables that are stale, one line is enough."""
    found: dict[tuple[str, str], list[str]] = {}
    for name, severity, summary in held:
        found.setdefault((name, severity), []).append(summary)
    return found


def _disk(endpoints: Endpoints, home: Path | None) -> Section:
    """How much room is left, and what the databases take.

    :param home: the folder of a demo; None for a stack in containers, whose volumes Prometheus knows.
    """
    found: list[tuple[str, float, float]] = []
    notes = []
    if home is not None:
        room = shutil.disk_usage(home)
        found.append((home.name, room.free, room.total))
    elif endpoints.prometheus_url:
        try:
            metrics = Metrics(endpoints.prometheus_url, time.time(), "now-6h", {})
            free, size = ({labels["volume"]: value for labels, value in metrics.ask(_DISKS[what])} for what in _DISKS)
            found += [(volume, free[volume], size[volume]) for volume in sorted(free) if volume in size]
        except requests.RequestException:
            notes.append(f"Prometheus at {endpoints.prometheus_url} does not answer, which knows the disks.")
    for name, dsn in (("source", endpoints.source_dsn), ("warehouse", endpoints.warehouse_dsn)):
        try:
            ((held,),) = query(dsn, "SELECT pg_database_size(current_database())")
            notes.append(f"The database {name} takes {_bytes(held)}.")
        except psycopg2.Error as error:
            notes.append(_reason(name, error))
    rows = [Row([name, _bytes(free), _bytes(size)], wrong=free < size * _LITTLE) for name, free, size in found]
    return section("Disk", "disk, free>, size>", rows, note=" ".join(notes))


def _bytes(number: float) -> str:
    return f"{number / 1e9:,.1f} GB" if number >= 1e9 else f"{number / 1e6:,.1f} MB"


def _reason(name: str, error: Exception) -> str:
    return f"The {name} can't be asked: {str(error).strip().splitlines()[0]}"


if __name__ == "__main__":
    sys.exit(main())
