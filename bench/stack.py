"""One stack of the demo's processes, measured from its start to its end."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from urllib.parse import quote

from psycopg2 import sql
from rich.console import Console

from cli import airflow_client
from cli.airflow_client import STAGING_DAG, WAREHOUSE_DAG, Airflow
from cli.database import connect, query
from cli.errors import UserError
from cli.names import DATABASES, LAKE_ACCESS_KEY
from cli.paths import DBT_PROJECT, REPOSITORY
from cli.processes import platform
from cli.processes.postgres import create_database, psql
from cli.processes.settings import Settings, load_or_create
from cli.report import make_report

_BENCH_DATABASE = "bench"


@dataclass
class Stack:
    """A stack that is up. ``seconds`` collects what was measured, by name."""

    settings: Settings
    airflow: Airflow
    seconds: dict[str, float] = field(default_factory=dict)

    def run(self, name: str, day: date | None = None) -> str:
        """Run both DAGs and note how long each took; returns the run's id."""
        run_id = airflow_client.start_run(self.airflow, day)
        last = {}
        for progress in airflow_client.follow(self.airflow, run_id):
            if progress.state == "failed":
                raise UserError(f"{progress.dag_id} failed in the run {run_id} of {self.settings.home}.")
            last[progress.dag_id] = progress
        for dag_id, what in ((STAGING_DAG, "staging"), (WAREHOUSE_DAG, "warehouse")):
            done = self.airflow.call("GET", f"/dags/{dag_id}/dagRuns/{quote(last[dag_id].run_id, safe='')}")
            start, end = (datetime.fromisoformat(done[key]) for key in ("start_date", "end_date"))
            if dag_id == STAGING_DAG:  # its own work ends when it starts to wait for the warehouse
                (end,) = (t.start for t in last[dag_id].tasks if t.task_id == airflow_client.TRIGGER and t.start)
            self.seconds[f"{name}, {what} DAG"] = (end - start).total_seconds()
        return run_id

    def set_incremental(self, mode: bool) -> None:
        name = "BIKES_STORE_STAGING_INCREMENTAL_MODE"
        self.airflow.call("PATCH", f"/variables/{name}", {"key": name, "value": str(mode)})

    def change_rows(self, remainder: int, moment: datetime) -> None:
        """Change one order of a hundred, and its lines, in the source."""
        with connect(self.settings.source_dsn) as connection, connection.cursor() as cursor:
            for table, column in (("salesorderheader", "comment"), ("salesorderdetail", "carriertrackingnumber")):
                cursor.execute(
                    f"UPDATE sales.{table} SET {column} = %s, modifieddate = %s WHERE salesorderid %% 100 = %s",
                    (f"bench {remainder}", moment, remainder),
                )

    def rows(self, way: str, day: date | None = None, database: str = _BENCH_DATABASE) -> dict[str, float]:
        """Bring the rows to a database by one of the ways of :mod:`bench.rows`; returns seconds and megabytes."""
        settings = self.settings
        environment = {
            **os.environ,
            "PYTHONPATH": "dags",
            "SOURCE_DSN": settings.source_dsn,
            "STAGING_DSN": settings.dsn(database),
            "LAKE_ENDPOINT": settings.lake_endpoint,
            "LAKE_ACCESS_KEY": LAKE_ACCESS_KEY,
            "LAKE_SECRET_KEY": settings.secrets["lake_secret_key"],
            "DAY": day.isoformat() if day else "",
        }
        done = subprocess.run(
            [sys.executable, "-m", "bench.rows", way], env=environment, cwd=REPOSITORY, capture_output=True, text=True
        )
        if done.returncode != 0:
            raise UserError(f"bench.rows {way} failed:\n{done.stderr[:1500]}\n…\n{done.stderr[-500:]}")
        return json.loads(done.stdout)

    def database_seconds(self) -> float:
        """How long PostgreSQL has been busy with statements on the data, in all connections together.

        https://www.postgresql.org/docs/15/monitoring-stats.html#MONITORING-PG-STAT-DATABASE-VIEW (active_time)
        """
        databases = [DATABASES["source"], DATABASES["warehouse"], _BENCH_DATABASE]
        busy = sql.SQL("SELECT sum(active_time) / 1000 FROM pg_stat_database WHERE datname = ANY({})")
        return float(query(self.settings.dsn("postgres"), busy.format(sql.Literal(databases)))[0][0])

    def empty_staging(self) -> None:
        """Make the staging area of the database that the ways of :mod:`bench.rows` fill, or empty it."""
        create_database(self.settings, _BENCH_DATABASE)
        dsn = self.settings.dsn(_BENCH_DATABASE)
        psql(dsn).run(REPOSITORY / "warehouse" / "staging.sql")
        tables = query(dsn, "SELECT tablename FROM pg_tables WHERE schemaname = 'bikes_store_staging'")
        with connect(dsn) as connection, connection.cursor() as cursor:
            cursor.execute("TRUNCATE " + ", ".join(f"bikes_store_staging.{name}" for (name,) in tables))

    def dbt(self, *words: str) -> float:
        """Run dbt on the warehouse; returns the seconds that it took."""
        target = self.settings.home / "bench-dbt"
        options = {"project-dir": DBT_PROJECT, "profiles-dir": DBT_PROJECT, "target-path": target, "log-path": target}
        environment = {
            **os.environ,
            "WAREHOUSE_HOST": "127.0.0.1",
            "WAREHOUSE_PORT": str(self.settings.ports["postgres"]),
            "DBT_PASSWORD": self.settings.secrets["dbt_password"],
            "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
        }
        command = [str(Path(sys.prefix) / "bin" / "dbt"), "--quiet", "--no-use-colors", *words]
        started = time.monotonic()
        done = subprocess.run(
            [*command, *(f"--{name}={folder}" for name, folder in options.items())],
            env=environment,
            capture_output=True,
            text=True,
        )
        seconds = time.monotonic() - started
        if done.returncode != 0:
            raise UserError(f"dbt {' '.join(words)} failed:\n{done.stdout[-2000:]}")
        return seconds


@contextmanager
def measured_stack(home: Path, scale: int, seconds: dict[str, float]) -> Iterator[Stack]:
    """A new stack with one run of both DAGs behind it. In the end it is removed.

    :param seconds: gets what was measured, by name.
    """
    platform.remove(home)
    settings = load_or_create(home, {}, {name: port + 10000 for name, port in platform.DEFAULT_PORTS.items()})
    try:
        started = time.monotonic()
        with platform.Platform(settings, Console(quiet=True)) as running:
            running.check_machine(scale)
            running.start(scale, dump=None, currency_url="", slack_webhook="")
            seconds["services up, source filled, Airflow healthy"] = time.monotonic() - started
            stack = Stack(settings, running.endpoints().airflow(), seconds)
            airflow_client.wait_for_dags(stack.airflow)
            if not make_report(running.endpoints(), stack.run("first day")).agree:
                raise UserError("Source, lake, staging and warehouse do not agree.")
            to_the_end = time.monotonic() - started
            yield stack
            started = time.monotonic()
        seconds["start, both DAGs, report, stop"] = to_the_end + time.monotonic() - started
    finally:
        platform.remove(home)
