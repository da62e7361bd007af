"""Run both DAGs through Airflow's REST API, and follow them to their end.

https://airflow.apache.org/docs/apache-airflow/2.10.2/stable-rest-api-ref.html
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone
from typing import Any
from urllib.parse import quote

import requests

from cli.errors import UserError

STAGING_DAG = "bikes_store_staging"
WAREHOUSE_DAG = "bikes_store_warehouse"

_POLL_SECONDS = 1.0
# Airflow checks the password at each call and writes out each task: together they cost it 0.1 s of processor time.
_SECONDS_BETWEEN_TASKS = 5.0
# States that a task or a run does not leave again.
_TASK_ENDED = frozenset({"success", "failed", "skipped", "upstream_failed", "removed"})
_RUN_ENDED = frozenset({"success", "failed"})


@dataclass(frozen=True)
class Task:
    """A task of a run. ``start`` and ``end`` are in UTC; each is None until the task has started or ended."""

    dag_id: str
    task_id: str
    state: str | None
    start: datetime | None
    end: datetime | None
    try_number: int

    @property
    def has_ended(self) -> bool:
        return self.state in _TASK_ENDED


@dataclass(frozen=True)
class RunState:
    """How far a run of a DAG has come."""

    dag_id: str
    state: str
    tasks: Sequence[Task]

    @property
    def has_ended(self) -> bool:
        return self.state in _RUN_ENDED

    @property
    def ended(self) -> int:
        """How many of the tasks have ended."""
        return sum(task.has_ended for task in self.tasks)

    @property
    def running(self) -> list[str]:
        return [task.task_id for task in self.tasks if task.state == "running"]

    @property
    def failed(self) -> list[Task]:
        return [task for task in self.tasks if task.state == "failed"]


class Airflow:
    """A client of Airflow's REST API, with the few calls that the commands need."""

    def __init__(self, url: str, user: str, password: str) -> None:
        self.url = url.rstrip("/")
        self._session = requests.Session()
        self._session.auth = (user, password)

    def call(self, method: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        """Make one call; returns the JSON of the answer.

        :raises UserError: when Airflow can't be reached or refuses the call; the message has Airflow's reason.
        """
        response = self.request(method, path, body)
        if not response.ok:
            raise UserError(f"Airflow refused {method} {path}: HTTP {response.status_code} {_detail(response)}")
        return response.json()

    def request(self, method: str, path: str, body: dict[str, Any] | None = None) -> requests.Response:
        """Make one call; returns the answer as it is.

        :raises UserError: when Airflow can't be reached.
        """
        try:
            return self._session.request(method, f"{self.url}/api/v1{path}", json=body, timeout=60)
        except requests.RequestException as error:
            raise UserError(f"Airflow at {self.url} can't be reached: {error}") from error

    def log(self, task: Task, run_id: str) -> str:
        """The log of a task's last try; empty when there is none."""
        path = f"{_run_path(task.dag_id, run_id)}/taskInstances/{quote(task.task_id)}/logs/{max(task.try_number, 1)}"
        response = self._session.get(
            f"{self.url}/api/v1{path}", params={"full_content": "true"}, headers={"Accept": "text/plain"}, timeout=60
        )
        return response.text if response.ok else ""


def wait_for_dags(airflow: Airflow, seconds: float = 120) -> None:
    """Wait until Airflow has read both DAG files.

    :raises UserError: when it has not read them in time or can't import a file; the message has Airflow's error.
    """
    deadline = time.monotonic() + seconds
    while True:
        missing = [dag for dag in (STAGING_DAG, WAREHOUSE_DAG) if not airflow.request("GET", f"/dags/{dag}").ok]
        if not missing:
            return
        errors = airflow.call("GET", "/importErrors")["import_errors"]
        if errors:
            told = (f"{error['filename']} can't be imported:\n{error['stack_trace']}" for error in errors)
            raise UserError("\n".join(told))
        if time.monotonic() > deadline:
            raise UserError(f"Airflow has not read {', '.join(missing)} after {seconds:.0f} seconds.")
        time.sleep(0.5)


def start_run(airflow: Airflow, day: date | None = None) -> str:
    """Start a run of the staging DAG and unpause both DAGs; returns the run's id.

    A run covers a day. The run is made before the DAG is unpaused, so the scheduler finds a run for the latest day and
    makes no second one.

    :param day: the day to run; in incremental mode, the run takes the changes of that day. A day that was run before
        is run again. None is the latest complete day.
    """
    today = datetime.now(timezone.utc).date()
    if day is not None and day >= today:
        raise UserError(f"DATE={day} is not over yet: give a day before {today} (UTC).")
    asked_for = day is not None
    day = day or today - timedelta(days=1)
    run_id = _run_of(airflow, day)
    if run_id is None:
        run_id = _create_run(airflow, day)
    elif asked_for:
        airflow.call("POST", f"{_run_path(STAGING_DAG, run_id)}/clear", {"dry_run": False})
    else:
        run_id = airflow.call("POST", f"/dags/{STAGING_DAG}/dagRuns", {})["dag_run_id"]
    for dag_id in (WAREHOUSE_DAG, STAGING_DAG):
        airflow.call("PATCH", f"/dags/{dag_id}", {"is_paused": False})
    return run_id


def follow(
    airflow: Airflow,
    run_id: str,
    watch: Callable[[], None] = lambda: None,
    dag_ids: Sequence[str] = (STAGING_DAG, WAREHOUSE_DAG),
) -> Iterator[RunState]:
    """Follow a run of the staging DAG, then the run of the warehouse DAG that it triggers, until both have ended.

    Yields a :class:`RunState` for each change. It yields no more after a run that failed.

    :param watch: called between two looks at the run; it raises an error to end the wait.
    :param dag_ids: the DAGs to follow, one after the other. The run has the same id in each.
    """
    for dag_id in dag_ids:
        progress = look(airflow, dag_id, run_id)
        looked = time.monotonic()
        yield progress
        while not progress.has_ended:
            watch()
            time.sleep(_POLL_SECONDS)
            if _state(airflow, dag_id, run_id) in _RUN_ENDED or time.monotonic() - looked > _SECONDS_BETWEEN_TASKS:
                current = look(airflow, dag_id, run_id)
                looked = time.monotonic()
                if current != progress:
                    progress = current
                    yield progress
        if progress.state == "failed":
            return


def look(airflow: Airflow, dag_id: str, run_id: str) -> RunState:
    """Ask Airflow how far a run has come."""
    # Ask for the run first: if it ends between the two calls, the next look shows that.
    state = _state(airflow, dag_id, run_id)
    instances = airflow.call("GET", f"{_run_path(dag_id, run_id)}/taskInstances?limit=1000")["task_instances"]
    return RunState(
        dag_id,
        state,
        [
            Task(
                dag_id,
                instance["task_id"],
                instance["state"],
                _moment(instance["start_date"]),
                _moment(instance["end_date"]),
                instance["try_number"],
            )
            for instance in instances
        ],
    )


def _state(airflow: Airflow, dag_id: str, run_id: str) -> str:
    return str(airflow.call("GET", _run_path(dag_id, run_id))["state"])


def _run_of(airflow: Airflow, day: date) -> str | None:
    """The id of the run that covers a day, if there is one."""
    start = f"{day.isoformat()}T00:00:00Z"
    path = f"/dags/{STAGING_DAG}/dagRuns?execution_date_gte={quote(start)}&execution_date_lte={quote(start)}"
    runs = airflow.call("GET", path)["dag_runs"]
    return runs[0]["dag_run_id"] if runs else None


def _create_run(airflow: Airflow, day: date) -> str:
    start = f"{day.isoformat()}T00:00:00Z"
    end = f"{(day + timedelta(days=1)).isoformat()}T00:00:00Z"
    body = {"logical_date": start, "data_interval_start": start, "data_interval_end": end}
    return airflow.call("POST", f"/dags/{STAGING_DAG}/dagRuns", body)["dag_run_id"]


def _run_path(dag_id: str, run_id: str) -> str:
    return f"/dags/{dag_id}/dagRuns/{quote(run_id, safe='')}"


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def _detail(response: requests.Response) -> str:
    try:
        return str(response.json().get("detail") or response.json().get("title"))
    except ValueError:
        return response.text[:200]
