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

from cli.airflow_session import AirflowSession
from cli.errors import UserError

STAGING_DAG = "bikes_store_staging"
WAREHOUSE_DAG = "bikes_store_warehouse"
MAINTENANCE_DAG = "bikes_store_maintenance"
TRIGGER = "trigger_bikes_store_warehouse"

_POLL_SECONDS = 1.0
# Airflow writes out each task, which costs processor time of the machine that runs them.
_SECONDS_BETWEEN_TASKS = 5.0
# States that a task or a run does not leave again.
_TASK_ENDED = frozenset({"success", "failed", "skipped", "upstream_failed", "removed"})
_RUN_ENDED = frozenset({"success", "failed"})
# States of a task that has begun its work. One that failed, or whose upstream did, leaves its run to end as failed.
_REACHED = frozenset({"deferred", "success"})
# What a run waits for when none of its tasks runs, by the state that a task of it has.
_WAITS = {
    "queued": "{} waits for a worker",
    "up_for_retry": "{} failed and will be tried again",
    "deferred": "{} waits for the other DAG",
    "scheduled": "{} waits for the scheduler",
}


@dataclass(frozen=True)
class Task:
    """A task of a run. ``queued``, ``start`` and ``end`` are in UTC; each is None until it has come to that."""

    dag_id: str
    task_id: str
    state: str | None
    start: datetime | None
    end: datetime | None
    try_number: int
    queued: datetime | None = None
    run_id: str = ""

    @property
    def has_ended(self) -> bool:
        return self.state in _TASK_ENDED


@dataclass(frozen=True)
class RunState:
    """How far a run of a DAG has come. ``behind`` is the run that a queued run waits for, if there is one."""

    dag_id: str
    run_id: str
    state: str
    tasks: Sequence[Task]
    behind: str | None = None

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

    @property
    def now(self) -> str:
        """What the run does or waits for, in a few words."""
        if self.has_ended:
            return self.state
        if self.behind:
            return f"waits until the run {self.behind} has ended"
        if running := self.running:
            return running[0] if len(running) == 1 else f"{running[0]} and {len(running) - 1} more"
        for state, words in _WAITS.items():
            if waiting := [task.task_id for task in self.tasks if task.state == state]:
                more = "" if len(waiting) == 1 else f" and {len(waiting) - 1} more"
                return words.format(f"{waiting[0]}{more}")
        return self.state


class Airflow:
    """A client of Airflow's REST API, with the few calls that the commands need."""

    def __init__(self, url: str, user: str, password: str) -> None:
        self.url = url.rstrip("/")
        self._session = AirflowSession(self.url, user, password)

    def call(self, method: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        """Make one call; returns the JSON of the answer.

        :raises UserError: when Airflow can't be reached or refuses the call; the message has Airflow's reason.
        """
        response = self.request(method, path, body)
        if not response.ok:
            raise UserError(f"Airflow refused {method} {path}: HTTP {response.status_code} {_detail(response)}")
        return response.json() if response.content else {}

    def request(self, method: str, path: str, body: dict[str, Any] | None = None) -> requests.Response:
        """Make one call; returns the answer as it is.

        :raises UserError: when Airflow can't be reached.
        """
        try:
            return self._session.request(method, f"/api/v1{path}", json=body)
        except requests.RequestException as error:
            raise UserError(f"Airflow at {self.url} can't be reached: {error}") from error

    def run_at(self, dag_id: str, moment: str) -> dict[str, Any] | None:
        """The run of a DAG that has a logical date, if there is one; a DAG has at most one.

        :param moment: the date in ISO 8601.
        """
        path = f"/dags/{dag_id}/dagRuns?execution_date_gte={quote(moment)}&execution_date_lte={quote(moment)}"
        runs = self.call("GET", path)["dag_runs"]
        return runs[0] if runs else None

    def log(self, task: Task, run_id: str) -> str:
        """The log of a task's last try; empty when there is none."""
        path = f"{_run_path(task.dag_id, run_id)}/taskInstances/{quote(task.task_id)}/logs/{max(task.try_number, 1)}"
        response = self._session.request(
            "GET", f"/api/v1{path}", params={"full_content": "true"}, headers={"Accept": "text/plain"}
        )
        return response.text if response.ok else ""

    def xcom(self, task: Task, key: str) -> str | None:
        """What a task has left under a key, as a text; None when it has left nothing."""
        path = f"{_run_path(task.dag_id, task.run_id)}/taskInstances/{quote(task.task_id)}/xcomEntries/{quote(key)}"
        response = self.request("GET", path)
        return str(response.json()["value"]) if response.ok else None

    def upstream(self, dag_id: str) -> dict[str, set[str]]:
        """For each task of a DAG, the tasks that come right before it."""
        tasks = self.call("GET", f"/dags/{dag_id}/tasks")["tasks"]
        found: dict[str, set[str]] = {task["task_id"]: set() for task in tasks}
        for task in tasks:
            for after in task["downstream_task_ids"]:
                found[after].add(task["task_id"])
        return found

    def last_runs(self, dag_id: str, number: int) -> list[dict[str, Any]]:
        """The last runs of a DAG, the newest first; those that have not ended are among them."""
        # By the start: a run of an old day may be the newest one. One that waits has no start yet.
        path = f"/dags/{dag_id}/dagRuns?order_by=-start_date&limit={number}"
        waiting = self.call("GET", f"/dags/{dag_id}/dagRuns?state=queued&limit={number}")["dag_runs"]
        started = [run for run in self.call("GET", path)["dag_runs"] if run["state"] != "queued"]
        return [*waiting, *started][: max(number, len(waiting))]


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


def check_days(airflow: Airflow, days: Sequence[date]) -> None:
    """Check that each day can be run, before any of them is.

    :raises UserError: for the first day that is not over yet, is before the DAG's first day, or has a run that covers
        other hours.
    """
    today = datetime.now(timezone.utc).date()
    first = _moment(airflow.call("GET", f"/dags/{STAGING_DAG}/details")["start_date"])
    for day in days:
        if day >= today:
            raise UserError(f"{day} is not over yet: give a day before {today} (UTC).")
        if first is not None and day < first.date():
            raise UserError(
                f"{day} is before the first day of {STAGING_DAG}, {first.date()}: Airflow runs no task for such a day."
                " In full mode any later run takes all rows, however old they are."
            )
        _run_of(airflow, day)


def start_run(airflow: Airflow, day: date | None = None) -> str:
    """Start a run of the staging DAG and unpause both DAGs; returns the run's id.

    A run covers a day. The run is made before the DAG is unpaused, so the scheduler finds a run for the latest day and
    makes no second one.

    :param day: the day to run; in incremental mode, the run takes the changes of that day. A day that was run before
        is run again. None is the latest complete day.
    :raises UserError: when the day can't be run, see :func:`check_days`.
    """
    if day is not None:
        check_days(airflow, [day])
        run_id = _run_again(airflow, day) or _create_run(airflow, day)
    else:
        yesterday = datetime.now(timezone.utc).date() - timedelta(days=1)
        if airflow.run_at(STAGING_DAG, _midnight(yesterday)) is None:
            run_id = _create_run(airflow, yesterday)
        else:
            run_id = airflow.call("POST", f"/dags/{STAGING_DAG}/dagRuns", {})["dag_run_id"]
    for dag_id in (WAREHOUSE_DAG, STAGING_DAG):
        airflow.call("PATCH", f"/dags/{dag_id}", {"is_paused": False})
    return run_id


def follow(airflow: Airflow, run_id: str, watch: Callable[[], None] = lambda: None) -> Iterator[RunState]:
    """Follow a run of the staging DAG and the run of the warehouse DAG that it triggers, until both have ended.

    Yields a :class:`RunState` for each change. The staging run waits for the warehouse run, so its end comes last. It
    yields no more after a run that failed.

    :param watch: called between two looks at the run; it raises an error to end the wait.
    :raises UserError: when a run succeeds without a single task.
    """
    last = None
    for last in follow_run(airflow, STAGING_DAG, run_id, watch, until=TRIGGER):
        yield last
    if last is None or last.state == "failed":
        return
    moment = airflow.call("GET", _run_path(STAGING_DAG, run_id))["logical_date"]
    built = airflow.run_at(WAREHOUSE_DAG, moment)
    if built is None:
        raise UserError(f"{TRIGGER} of {run_id} started no run of {WAREHOUSE_DAG}: its log in Airflow says why.")
    for last in follow_run(airflow, WAREHOUSE_DAG, built["dag_run_id"], watch):
        yield last
    if last.state != "failed":
        yield from follow_run(airflow, STAGING_DAG, run_id, watch)


def follow_run(
    airflow: Airflow, dag_id: str, run_id: str, watch: Callable[[], None] = lambda: None, until: str | None = None
) -> Iterator[RunState]:
    """Follow one run of a DAG until it has ended. Yields a :class:`RunState` for each change.

    :param watch: called between two looks at the run; it raises an error to end the wait.
    :param until: a task; when it waits or has succeeded, this ends.
    :raises UserError: when the run succeeds without a single task.
    """
    progress = look(airflow, dag_id, run_id)
    looked = time.monotonic()
    yield progress
    while not (progress.has_ended or _has_come_to(progress, until)):
        watch()
        time.sleep(_POLL_SECONDS)
        waits_for = until if progress.tasks else None
        if _has_news(airflow, dag_id, run_id, waits_for) or time.monotonic() - looked > _SECONDS_BETWEEN_TASKS:
            current = look(airflow, dag_id, run_id)
            looked = time.monotonic()
            if current != progress:
                progress = current
                yield progress
    if progress.state == "success" and not progress.tasks:
        raise UserError(f"{dag_id}: the run {run_id} had no task to run, so nothing was done.")


def look(airflow: Airflow, dag_id: str, run_id: str) -> RunState:
    """Ask Airflow how far a run has come."""
    # Ask for the run first: if it ends between the two calls, the next look shows that.
    state = _state(airflow, dag_id, run_id)
    behind = _active_run(airflow, dag_id) if state == "queued" else None
    instances = airflow.call("GET", f"{_run_path(dag_id, run_id)}/taskInstances?limit=1000")["task_instances"]
    return RunState(
        dag_id,
        run_id,
        state,
        [
            Task(
                dag_id,
                instance["task_id"],
                instance["state"],
                _moment(instance["start_date"]),
                _moment(instance["end_date"]),
                instance["try_number"],
                _moment(instance.get("queued_when")),
                run_id,
            )
            for instance in instances
        ],
        behind,
    )


def _state(airflow: Airflow, dag_id: str, run_id: str) -> str:
    return str(airflow.call("GET", _run_path(dag_id, run_id))["state"])


def _has_come_to(progress: RunState, task_id: str | None) -> bool:
    return any(task.task_id == task_id and task.state in _REACHED for task in progress.tasks)


def _has_news(airflow: Airflow, dag_id: str, run_id: str, until: str | None) -> bool:
    """Whether the run has ended, or the task waits or has succeeded."""
    if until is None:
        return _state(airflow, dag_id, run_id) in _RUN_ENDED
    task = airflow.call("GET", f"{_run_path(dag_id, run_id)}/taskInstances/{quote(until)}")
    return task["state"] in {*_TASK_ENDED, *_REACHED}


def _active_run(airflow: Airflow, dag_id: str) -> str | None:
    runs = airflow.call("GET", f"/dags/{dag_id}/dagRuns?state=running&limit=1")["dag_runs"]
    return runs[0]["dag_run_id"] if runs else None


def _run_of(airflow: Airflow, day: date) -> dict[str, Any] | None:
    """The run of a day, if there is one.

    :raises UserError: when the run with the day's date covers other hours. Somebody made it without an interval, and
        Airflow then takes the day before.
    """
    run = airflow.run_at(STAGING_DAG, _midnight(day))
    if run is None:
        return None
    covers = [run["data_interval_start"], run["data_interval_end"]]
    expected = [_midnight(day), _midnight(day + timedelta(days=1))]
    if [_moment(text) for text in covers] != [_moment(text) for text in expected]:
        raise UserError(
            f"{day} has the run {run['dag_run_id']}, which covers {covers[0]} to {covers[1]} and not that day:"
            f" delete it in Airflow (Browse, DAG Runs), then run {day} again."
        )
    return run


def _run_again(airflow: Airflow, day: date) -> str | None:
    """Clear the run of a day; returns its id, or None when there is no run to clear.

    Airflow's scheduler starts no run that `airflow dags backfill` made. Such a run is deleted, so that a new one takes
    its place. What it wrote stays.
    """
    run = _run_of(airflow, day)
    if run is None:
        return None
    run_id = str(run["dag_run_id"])
    if run["run_type"] != "backfill":
        airflow.call("POST", f"{_run_path(STAGING_DAG, run_id)}/clear", {"dry_run": False})
        return run_id
    if run["state"] not in _RUN_ENDED:
        raise UserError(f"{day} is being run by `airflow dags backfill`: wait until that has ended.")
    airflow.call("DELETE", _run_path(STAGING_DAG, run_id))
    return None


def _create_run(airflow: Airflow, day: date) -> str:
    start, end = _midnight(day), _midnight(day + timedelta(days=1))
    body = {"logical_date": start, "data_interval_start": start, "data_interval_end": end}
    return airflow.call("POST", f"/dags/{STAGING_DAG}/dagRuns", body)["dag_run_id"]


def _midnight(day: date) -> str:
    return f"{day.isoformat()}T00:00:00+00:00"


def _run_path(dag_id: str, run_id: str) -> str:
    return f"/dags/{dag_id}/dagRuns/{quote(run_id, safe='')}"


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def _detail(response: requests.Response) -> str:
    try:
        return str(response.json().get("detail") or response.json().get("title"))
    except ValueError:
        return response.text[:200]
