"""`make run-pipeline`: run both DAGs on the stack that is up, in containers or as processes.

    python -m cli.run

DATE names the day to run, or to run again. FROM and TO name the first and the last of several days, which are run one
after another. ENDPOINTS names the file with the stack's endpoints.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import date

import psycopg2
from rich.console import Console

from bikes_store.dbt_tests import WARNINGS
from cli import airflow_client, changes, freshness, options, report, task_times
from cli.airflow_client import Airflow, Task
from cli.changes import Mark
from cli.console import run_command, when_stopped
from cli.endpoints import OF_PROCESSES, Endpoints, find_endpoints
from cli.progress import show_progress
from cli.sections import Row, Section, number, section, show

# The task of the warehouse DAG that runs dbt's tests, in each of its groups.
_TESTS = ".bikes_store_warehouse_test"


@dataclass(frozen=True)
class Result:
    """What came of a run, or of several days: whether all succeeded and agrees, in a sentence, and in tables."""

    succeeded: bool
    verdict: str
    sections: Sequence[Section] = ()


@dataclass(frozen=True)
class Day:
    """What came of a day of a range. ``rows`` is what its loads wrote and deleted; None for a day that was not run."""

    day: date
    state: str
    rows: int | None = None
    seconds: float | None = None


#: What Ctrl-C leaves, by how far the command has come.
_NOTHING = "Stopped. No run was started."
_STARTING = "Stopped as the run was started: the page of bikes_store_staging in Airflow shows whether it has begun."
_RUNNING = "This command stopped. The run {} goes on in Airflow."
_OVER = "Stopped. Both DAGs have run; only the report was cut short."
_PAGES = "Stopped. The run has ended; the pages in .demo/ may be those of before."


def main() -> int:
    return run_command(run, _NOTHING)


def run(console: Console) -> int:
    """Run both DAGs on the stack that is up; returns the exit code. The demo's pages are written again."""
    days = options.days(os.environ)
    path = find_endpoints(os.environ.get("ENDPOINTS"))
    endpoints = Endpoints.read(path)
    if len(days) > 1:
        result = run_days(console, endpoints, days)
    else:
        result = run_pipeline(console, endpoints, day=days[0] if days else None)
    if path == OF_PROCESSES:
        # The commands of a stack in containers have no package that draws pages.
        from cli.pages.write import refresh_pages

        with when_stopped(_PAGES):
            refresh_pages(console, endpoints, result)
    return 0 if result.succeeded else 1


def run_pipeline(
    console: Console, endpoints: Endpoints, watch: Callable[[], None] = lambda: None, day: date | None = None
) -> Result:
    """Run both DAGs and show the report.

    :param watch: called now and then; it raises an error to end the wait.
    :param day: the day to run, or to run again; None is the latest complete day.
    """
    client = endpoints.airflow()
    airflow_client.wait_for_dags(client)
    before = changes.mark(endpoints.warehouse_dsn)
    run_id, tasks = _run_one(console, client, day, watch)
    if tasks is None:
        return Result(False, f"The run {run_id} failed.")
    return _report(console, endpoints, client, run_id, tasks, before)


def run_days(console: Console, endpoints: Endpoints, days: Sequence[date]) -> Result:
    """Run both DAGs for one day after another, then show a summary and the report of the last day.

    It stops at the first day that fails.
    """
    client = endpoints.airflow()
    airflow_client.wait_for_dags(client)
    airflow_client.check_days(client, days)
    before = changes.mark(endpoints.warehouse_dsn)
    done: list[Day] = []
    for place, day in enumerate(days, 1):
        console.print(f"[bold]{day}[/bold], day {place} of {len(days)}")
        started, mark = time.monotonic(), changes.mark(endpoints.warehouse_dsn)
        rest = f" `make run-pipeline FROM={days[place]} TO={days[-1]}` runs the days after it." if days[place:] else ""
        run_id, ended = _run_one(console, client, day, lambda: None, rest)
        rows, seconds = changes.loaded_rows(mark, endpoints.warehouse_dsn), time.monotonic() - started
        done.append(Day(day, "failed" if ended is None else "success", rows, seconds))
        if ended is None:
            left = [Day(later, "not run") for later in days[place:]]
            show(console, summary([*done, *left]))
            verdict = f"{day} failed, and the days after it were not run."
            console.print(
                f"[bold red]✗[/bold red] {verdict} When the cause is corrected, go on with"
                f" `make run-pipeline FROM={day} TO={days[-1]}`."
            )
            return Result(False, verdict, [summary([*done, *left])])
        tasks = ended
    show(console, summary(done))
    result = _report(console, endpoints, client, run_id, tasks, before)
    return Result(result.succeeded, result.verdict, [summary(done), *result.sections])


def summary(days: Sequence[Day]) -> Section:
    """The days of a range, with all of them together in the last row."""
    rows = [
        Row([str(each.day), number(each.rows), number(each.seconds), each.state], each.state == "failed")
        for each in days
    ]
    ran = [each for each in days if each.state == "success"]
    together = (sum(each.rows or 0 for each in days), sum(each.seconds or 0 for each in days))
    rows.append(Row(["all", *map(number, together), f"{len(ran)} of {len(days)} succeeded"]))
    return section(
        "Days",
        "day, rows>, seconds>, state",
        rows,
        note="Rows: those that the day's loads wrote or deleted in staging.",
    )


def _run_one(
    console: Console, client: Airflow, day: date | None, watch: Callable[[], None], rest: str = ""
) -> tuple[str, list[Task] | None]:
    """Run both DAGs; returns the run's id, and its tasks, or None if a DAG failed.

    :param rest: what Ctrl-C says besides what becomes of this run.
    """
    with when_stopped(_STARTING + rest):
        run_id = airflow_client.start_run(client, day)
    with when_stopped(_RUNNING.format(run_id) + rest):
        return run_id, show_progress(console, client, run_id, watch)


def _report(
    console: Console, endpoints: Endpoints, client: Airflow, run_id: str, tasks: Sequence[Task], before: Mark
) -> Result:
    with when_stopped(_OVER):
        return _reported(console, endpoints, client, run_id, tasks, before)


def _reported(
    console: Console, endpoints: Endpoints, client: Airflow, run_id: str, tasks: Sequence[Task], before: Mark
) -> Result:
    made = report.make_report(endpoints, run_id, _warned(client, tasks))
    upstream = {dag_id: client.upstream(dag_id) for dag_id in {task.dag_id for task in tasks}}
    with closing(psycopg2.connect(endpoints.warehouse_dsn)) as warehouse:
        fresh = freshness.read_freshness(warehouse)
    more = [
        *changes.as_sections(changes.since(before, endpoints.warehouse_dsn)),
        report.times(report.stages(tasks)),
        task_times.as_section(task_times.task_times(tasks, upstream)),
    ]
    report.show(console, made, more)
    console.print(freshness.in_a_sentence(fresh))
    if made.agree:
        verdict = "Both runs succeeded; source, lake, staging and warehouse agree."
        console.print(f"[green]✓[/green] {verdict}")
    else:
        verdict = "Both runs succeeded, but what is marked ✗ does not agree."
        console.print(f"[bold red]✗[/bold red] {verdict}")
    return Result(made.agree, verdict, [*report.as_sections(made), *more, freshness.as_section(fresh)])


def _warned(client: Airflow, tasks: Sequence[Task]) -> list[str]:
    """What dbt's tests warned of, line by line."""
    found = [client.xcom(task, WARNINGS) for task in tasks if task.task_id.endswith(_TESTS) and task.state == "success"]
    return [line for text in found if text for line in text.splitlines()]


if __name__ == "__main__":
    sys.exit(main())
