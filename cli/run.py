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
from datetime import date

from rich.console import Console
from rich.table import Table

from cli import airflow_client, options, report
from cli.airflow_client import Airflow, Task
from cli.console import run_command, when_stopped
from cli.endpoints import OF_PROCESSES, Endpoints, find_endpoints
from cli.progress import show_progress

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
        succeeded = run_days(console, endpoints, days)
    else:
        succeeded = run_pipeline(console, endpoints, day=days[0] if days else None)
    if path == OF_PROCESSES:
        # The commands of a stack in containers have no package that draws pages.
        from cli.pages.write import refresh_pages

        with when_stopped(_PAGES):
            refresh_pages(console, endpoints)
    return 0 if succeeded else 1


def run_pipeline(
    console: Console, endpoints: Endpoints, watch: Callable[[], None] = lambda: None, day: date | None = None
) -> bool:
    """Run both DAGs and show the report; returns whether both succeeded and every count agrees.

    :param watch: called now and then; it raises an error to end the wait.
    :param day: the day to run, or to run again; None is the latest complete day.
    """
    client = endpoints.airflow()
    airflow_client.wait_for_dags(client)
    run_id, tasks = _run_one(console, client, day, watch)
    return tasks is not None and _report(console, endpoints, run_id, tasks)


def run_days(console: Console, endpoints: Endpoints, days: Sequence[date]) -> bool:
    """Run both DAGs for one day after another, then show a summary and the report of the last day.

    It stops at the first day that fails. Returns whether all succeeded and, after the last, every count agrees.
    """
    client = endpoints.airflow()
    airflow_client.wait_for_dags(client)
    airflow_client.check_days(client, days)
    done: list[tuple[date, float]] = []
    for number, day in enumerate(days, 1):
        console.print(f"[bold]{day}[/bold], day {number} of {len(days)}")
        started = time.monotonic()
        rest = (
            f" `make run-pipeline FROM={days[number]} TO={days[-1]}` runs the days after it." if days[number:] else ""
        )
        run_id, ended = _run_one(console, client, day, lambda: None, rest)
        if ended is None:
            _summary(console, done)
            console.print(
                f"[bold red]✗[/bold red] {day} failed, and the days after it were not run. When the cause is"
                f" corrected, go on with `make run-pipeline FROM={day} TO={days[-1]}`."
            )
            return False
        tasks = ended
        done.append((day, time.monotonic() - started))
    _summary(console, done)
    return _report(console, endpoints, run_id, tasks)


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


def _report(console: Console, endpoints: Endpoints, run_id: str, tasks: Sequence[Task]) -> bool:
    with when_stopped(_OVER):
        result = report.make_report(endpoints, run_id)
        report.show(console, result, report.stages(tasks))
    if result.agree:
        console.print("[green]✓[/green] Both runs succeeded; source, lake, staging and warehouse agree.")
    else:
        console.print("[bold red]✗[/bold red] Both runs succeeded, but what is marked ✗ does not agree.")
    return result.agree


def _summary(console: Console, done: Sequence[tuple[date, float]]) -> None:
    table = Table("day", title="Days", title_justify="left")
    table.add_column("seconds", justify="right")
    for day, seconds in done:
        table.add_row(str(day), f"{seconds:.0f}")
    console.print(table)


if __name__ == "__main__":
    sys.exit(main())
