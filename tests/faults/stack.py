"""A whole platform whose services tests kill, stop and hold up while both DAGs run."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from urllib.parse import quote

import psutil
import psycopg2

from cli.airflow_client import STAGING_DAG, WAREHOUSE_DAG, Airflow
from cli.database import query
from cli.errors import UserError
from cli.processes.settings import Settings
from tests.faults.twins import Twins
from tests.support.compare import assert_same_warehouse, assert_staging_equals_source
from tests.support.services import Services
from tests.support.web import Web

#: Airflow notices a dead worker, a dead scheduler and a lost message after seconds.
QUICK = {
    "AIRFLOW__SCHEDULER__SCHEDULER_ZOMBIE_TASK_THRESHOLD": "15",
    "AIRFLOW__SCHEDULER__ZOMBIE_DETECTION_INTERVAL": "2",
    "AIRFLOW__SCHEDULER__SCHEDULER_HEALTH_CHECK_THRESHOLD": "15",
    "AIRFLOW__SCHEDULER__ORPHANED_TASKS_CHECK_INTERVAL": "5",
    "AIRFLOW__SCHEDULER__TASK_QUEUED_TIMEOUT": "30",
    "AIRFLOW__SCHEDULER__TASK_QUEUED_TIMEOUT_CHECK_INTERVAL": "5",
}
#: Seconds for both runs of a day, with what faults add, on a slow machine.
LONGEST_RUN = 600
#: Where a run can be held up by a lock: the database, the table that a task needs, and the mode of the lock.
STAGES = {
    "first extract": ("source", "person.person", "ACCESS EXCLUSIVE"),
    "extract": ("source", "sales.salesorderdetail", "ACCESS EXCLUSIVE"),
    "load": ("hurt", "bikes_store_staging.salesorderdetail", "EXCLUSIVE"),
    "fact": ("hurt", "warehouse.fact_order", "SHARE"),
    "mart": ("hurt", "warehouse.mart_sales_daily", "SHARE"),
}


@dataclass
class Stack:
    """A platform that is up. ``twins`` are its source, its warehouse, and a warehouse that nothing happens to.

    ``first_day`` is the day of the first run, at midnight. Later runs cover days before it.
    """

    settings: Settings
    services: Services
    airflow: Airflow
    slack: Web
    twins: Twins
    first_day: datetime
    _told_before: int = 0
    _run_ids: list[str] = field(default_factory=list)
    _kept_down: set[str] = field(default_factory=set)

    def start(self, *, same_day: bool = False) -> str:
        """Let a day pass in the source, and start a run; returns its id.

        :param same_day: cover the same day as the run before, and let no day pass.
        """
        if not same_day:
            self.twins.a_day()
        return self.start_run(same_day=same_day)

    def start_run(self, *, same_day: bool = False) -> str:
        """Start a run for the day that has passed last in the source; returns its id."""
        start = self.first_day - timedelta(days=self.twins.days)
        run_id = f"fault_{self.twins.days}_{len(self._run_ids)}"
        body = {
            "dag_run_id": run_id,
            "logical_date": (start + timedelta(seconds=same_day)).isoformat(),
            "data_interval_start": start.isoformat(),
            "data_interval_end": (start + timedelta(days=1)).isoformat(),
        }
        self._told_before = len(self.slack.requests)
        self.airflow.call("POST", f"/dags/{STAGING_DAG}/dagRuns", body)
        self._run_ids.append(run_id)
        return run_id

    def clear(self, run_id: str) -> None:
        """Have a run begin again, as a person does in the UI."""
        self.airflow.call("POST", f"/dags/{STAGING_DAG}/dagRuns/{run_id}/clear", {"dry_run": False})

    def clear_failed(self, run_id: str) -> None:
        """Have the failed tasks of a run, and those after them, begin again."""
        body = {"dry_run": False, "dag_run_id": run_id, "only_failed": True, "reset_dag_runs": True}
        self.airflow.call("POST", f"/dags/{STAGING_DAG}/clearTaskInstances", body)

    def state(self, run_id: str, dag_id: str = STAGING_DAG) -> str:
        """The state of a run, or nothing when there is none."""
        response = self.airflow.request("GET", f"/dags/{dag_id}/dagRuns/{quote(run_id)}")
        return str(response.json()["state"]) if response.ok else ""

    def tasks(self, run_id: str, dag_id: str = STAGING_DAG) -> dict[str, str]:
        """The states of a run's tasks."""
        path = f"/dags/{dag_id}/dagRuns/{quote(run_id)}/taskInstances?limit=1000"
        return {task["task_id"]: task["state"] for task in self.airflow.call("GET", path)["task_instances"]}

    def wait(self, condition: Callable[[], Any], what: str, seconds: float = LONGEST_RUN) -> None:
        """Wait until a condition holds. An Airflow or a PostgreSQL that is away for a moment is no error."""
        deadline = time.monotonic() + seconds
        while True:
            with suppress(UserError, KeyError, psycopg2.OperationalError):
                if condition():
                    return
            assert time.monotonic() < deadline, f"{what}: not within {seconds} seconds; {self._unfinished()}"
            self._revive()
            time.sleep(0.3)

    def assert_right(self, run_id: str) -> None:
        """Both runs end well, all rows and columns are right everywhere, and nobody was told of a failure."""
        self.assert_success(run_id)
        assert_staging_equals_source(self.twins.source, self.twins.hurt)
        self.twins.assert_nothing_left()
        self.twins.run_clean(run_id)
        assert_same_warehouse(self.twins.hurt, self.twins.clean)

    def assert_success(self, run_id: str) -> None:
        """Both runs end well."""
        for dag_id in (STAGING_DAG, WAREHOUSE_DAG):
            self.wait(partial(self._has_ended, run_id, dag_id), f"the run {run_id} of {dag_id} ends")
            assert self.state(run_id, dag_id) == "success", self._unfinished()

    def _has_ended(self, run_id: str, dag_id: str) -> bool:
        return self.state(run_id, dag_id) in ("success", "failed")

    def told(self) -> list[str]:
        """What Slack was told since the last run was started."""
        return [request.decode() for request in self.slack.requests[self._told_before :]]

    @contextmanager
    def held(self, stage: str) -> Iterator[None]:
        """Hold a run up at one of the :data:`STAGES`: wait until it is there, and let go at the end of the block."""
        database, table, mode = STAGES[stage]
        dsn = getattr(self.twins, database)
        with closing(psycopg2.connect(dsn)) as connection, connection.cursor() as cursor:
            cursor.execute(f"LOCK TABLE {table} IN {mode} MODE")
            waiting = f"SELECT FROM pg_locks WHERE NOT granted AND relation = '{table}'::regclass"
            self.wait(lambda: query(dsn, waiting), f"a task waits for {table}")
            yield
            with suppress(psycopg2.Error):  # the server may be gone
                connection.rollback()

    def wait_for_retry(self, run_id: str, tasks: str) -> None:
        """Wait until a task whose name begins so has failed and is to be tried again."""
        self.wait(
            lambda: any(
                name.startswith(tasks) and state == "up_for_retry" for name, state in self.tasks(run_id).items()
            ),
            f"one of {tasks} is to be tried again",
        )

    def kill(self, name: str) -> None:
        """Kill a service with all its processes, as if its machine were gone. It stays down until it is restarted."""
        self._kept_down.add(name)
        process = psutil.Process(self.services.supervisor.pid(name))
        for each in [process, *process.children(recursive=True)]:
            with suppress(ProcessLookupError):
                os.kill(each.pid, signal.SIGKILL)

    def stop(self, name: str) -> None:
        """Stop a service in an orderly way. It stays down until it is restarted."""
        self._kept_down.add(name)
        self.services.supervisor.stop(name)

    def restart(self, name: str) -> None:
        """Start a service that was killed or stopped, and wait until it does its work."""
        self._kept_down.discard(name)
        service = self.services.supervisor
        self.wait(lambda: service.pid(name) and service.is_ready(name), f"{name} is up", 120)

    def _revive(self) -> None:
        """Start services that died of what happened to another one, as Docker does with containers."""
        supervisor = self.services.supervisor
        for name in supervisor.names:
            if name not in self._kept_down and not supervisor.pid(name):
                with suppress(UserError):  # it is being started
                    supervisor.start(name)

    def _unfinished(self) -> str:
        words = []
        with suppress(UserError):
            for dag_id in (STAGING_DAG, WAREHOUSE_DAG):
                for run_id in self._run_ids[-2:]:
                    if self.state(run_id, dag_id):
                        open_tasks = {k: v for k, v in self.tasks(run_id, dag_id).items() if v != "success"}
                        words.append(f"{dag_id} {run_id} is {self.state(run_id, dag_id)}: {open_tasks}")
        return "\n".join([*words, *self.told()])
