"""`make run-pipeline`: run both DAGs on the stack that is up, in containers or as processes.

    python -m cli.run

DATE names the day to run, or to run again. ENDPOINTS names the file with the stack's endpoints.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from datetime import date

from rich.console import Console

from cli import airflow_client, options, report
from cli.console import run_command
from cli.endpoints import Endpoints, find_endpoints
from cli.progress import show_progress


def main() -> int:
    return run_command(run, "This command stopped. The run goes on in Airflow.")


def run(console: Console) -> int:
    """Run both DAGs on the stack that is up; returns the exit code."""
    day = options.day(os.environ)
    endpoints = Endpoints.read(find_endpoints(os.environ.get("ENDPOINTS")))
    return 0 if run_pipeline(console, endpoints, day=day) else 1


def run_pipeline(
    console: Console, endpoints: Endpoints, watch: Callable[[], None] = lambda: None, day: date | None = None
) -> bool:
    """Run both DAGs and show the report; returns whether both succeeded and every count agrees.

    :param watch: called now and then; it raises an error to end the wait.
    :param day: the day to run, or to run again; None is the latest complete day.
    """
    client = endpoints.airflow()
    airflow_client.wait_for_dags(client)
    run_id = airflow_client.start_run(client, day)
    tasks = show_progress(console, client, run_id, watch)
    if tasks is None:
        return False
    result = report.make_report(endpoints, run_id)
    report.show(console, result, report.stages(tasks))
    if result.agree:
        console.print("[green]✓[/green] Both runs succeeded; source, lake, staging and warehouse agree.")
    else:
        console.print("[bold red]✗[/bold red] Both runs succeeded, but what is red does not agree.")
    return result.agree


if __name__ == "__main__":
    sys.exit(main())
