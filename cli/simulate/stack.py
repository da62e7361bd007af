"""The stack that a scenario plays on: where the rows are, and how both DAGs are run."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Protocol

from rich.console import Console

from cli import airflow_client
from cli.airflow_client import STAGING_DAG, WAREHOUSE_DAG, RunState, Task
from cli.database import connect, query
from cli.endpoints import Endpoints
from cli.errors import UserError
from cli.progress import shown

# What a task that failed says last: our own sentence, behind the name of the error that carries it.
_ERROR = re.compile(r"^(?:[\w.]+\.)?(?:AirflowFailException|Refused|Unavailable): (.+)$", re.MULTILINE)


@dataclass(frozen=True)
class Failure:
    """A task that failed: after how many tries, and its one sentence."""

    task_id: str
    tries: int
    sentence: str


@dataclass(frozen=True)
class Outcome:
    """What came of a run of both DAGs, after how many seconds. ``failed`` is None when both succeeded."""

    run_id: str
    seconds: float
    failed: Failure | None = None


def _nothing() -> None:
    """Nothing to do between two looks at a run."""


class Stack(Protocol):
    """What a scenario needs of a stack."""

    @property
    def source_dsn(self) -> str:
        """The login of the source that may change it."""

    @property
    def warehouse_dsn(self) -> str:
        """The login of the warehouse that reads all of it."""

    @property
    def first_day(self) -> date:
        """The first day that a run may be for."""

    def run(self, day: date, watch: Callable[[], None] = _nothing) -> Outcome:
        """Run both DAGs for a day, or run it again, to their end.

        :param watch: called now and then while they run.
        """

    def variable(self, name: str) -> str:
        """The value of a variable of Airflow."""

    def set_variable(self, name: str, value: str) -> None:
        """Give a variable of Airflow another value."""

    def end_task(self, task_id: str) -> bool:
        """Kill the process of a task that runs now; returns whether there was one."""


class AirflowStack:
    """A running stack, as its endpoints say.

    :param end_task: how processes are killed there.
    """

    def __init__(self, console: Console, endpoints: Endpoints, end_task: Callable[[str], bool]) -> None:
        self.source_dsn, self.warehouse_dsn = endpoints.source_dsn, endpoints.warehouse_dsn
        self.airflow = endpoints.airflow()
        self._console = console
        self._end_task = end_task

    @property
    def first_day(self) -> date:
        return datetime.fromisoformat(self.airflow.call("GET", f"/dags/{STAGING_DAG}/details")["start_date"]).date()

    def check(self) -> None:
        """Check that the stack answers and has nothing to do.

        :raises UserError: when it does not answer, or when a run is in flight.
        """
        try:
            airflow_client.wait_for_dags(self.airflow, seconds=30)
        except UserError as error:
            if "can't be reached" not in str(error):
                raise
            raise UserError(
                f"Airflow does not answer at {self.airflow.url}: is the stack up? `make demo` or `make up` starts it."
            ) from error
        for dag_id in (STAGING_DAG, WAREHOUSE_DAG):
            runs = self.airflow.call("GET", f"/dags/{dag_id}/dagRuns?state=running&state=queued&limit=1")["dag_runs"]
            if runs:
                raise UserError(
                    f"The run {runs[0]['dag_run_id']} of {dag_id} is in flight, and would mix with what a scenario"
                    " does: wait until it has ended (Airflow shows it), then begin again."
                )

    def run(self, day: date, watch: Callable[[], None] = _nothing) -> Outcome:
        started, before = time.monotonic(), self._tries(day)
        run_id = airflow_client.start_run(self.airflow, day)
        seen: dict[str, RunState] = {}
        for progress in shown(self._console, airflow_client.follow(self.airflow, run_id, watch)):
            seen[progress.dag_id] = progress
        seconds = time.monotonic() - started
        failed = [progress for progress in seen.values() if progress.state == "failed"]
        return Outcome(run_id, seconds, self._failure(failed[0], before) if failed else None)

    def variable(self, name: str) -> str:
        return str(self.airflow.call("GET", f"/variables/{name}")["value"])

    def set_variable(self, name: str, value: str) -> None:
        self.airflow.call("PATCH", f"/variables/{name}", {"key": name, "value": value})

    def end_task(self, task_id: str) -> bool:
        return self._end_task(task_id)

    def _tries(self, day: date) -> dict[tuple[str, str], int]:
        """How often each task of a day was tried until now: when a run is run again, Airflow goes on counting."""
        tries: dict[tuple[str, str], int] = {}
        for dag_id in (STAGING_DAG, WAREHOUSE_DAG):
            if run := self.airflow.run_at(dag_id, f"{day}T00:00:00+00:00"):
                tasks = airflow_client.look(self.airflow, dag_id, run["dag_run_id"]).tasks
                tries |= {(dag_id, task.task_id): task.try_number for task in tasks}
        return tries

    def _failure(self, progress: RunState, before: dict[tuple[str, str], int]) -> Failure:
        if not progress.failed:
            return Failure(progress.dag_id, 1, f"The run {progress.run_id} failed without a failed task.")
        task: Task = progress.failed[0]
        tries = task.try_number - before.get((task.dag_id, task.task_id), 0)
        return Failure(task.task_id, tries, sentence(self.airflow.log(task, progress.run_id)))


def sentence(log: str) -> str:
    """The one sentence of a task that failed, out of its log; its last line, when no error of ours is there."""
    if found := _ERROR.findall(log):
        return str(found[-1]).strip()
    lines = [line for line in log.splitlines() if line.strip()]
    return lines[-1].strip() if lines else "Its log is empty."


def one_row(dsn: str, text: str, values: dict[str, Any]) -> dict[str, Any] | None:
    """The only row of a query, as a mapping; None when there is none."""
    with connect(dsn) as connection, connection.cursor() as cursor:
        cursor.execute(text, values)
        row = cursor.fetchone()
        return None if row is None else dict(zip((column.name for column in cursor.description), row, strict=True))


def next_day(stack: Stack, today: date) -> date:
    """The day that comes after what the source holds; before that, the first one that a run may be for.

    Orders that are dated today or later say nothing: somebody else made them.

    :raises UserError: when that day is not over yet.
    """
    ((last,),) = query(
        stack.source_dsn, f"SELECT max(orderdate)::date FROM sales.salesorderheader WHERE orderdate < '{today}'"
    )
    day = stack.first_day if last is None or last < stack.first_day else date.fromordinal(last.toordinal() + 1)
    if day >= today:
        raise UserError(
            f"The source has orders up to {last}, and {day} is not over yet: there is no day left to simulate."
            " `make demo-down` or `make down`, and a new stack, begin anew."
        )
    return day
