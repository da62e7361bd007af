"""Show how far a run of the pipeline has come: a moving line in a terminal, a line now and then in a log."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from cli.airflow_client import Airflow, RunState, Task, follow

_SECONDS_BETWEEN_LINES = 10
_LOG_LINES = 15


def show_progress(console: Console, airflow: Airflow, run_id: str, watch: Callable[[], None]) -> list[Task] | None:
    """Follow a run of both DAGs; returns their tasks. When a DAG fails, prints why and returns None.

    :param watch: called between two looks at the run; it raises an error to end the wait.
    """
    seen: dict[str, RunState] = {}
    show = _bar if console.is_terminal else _lines
    for progress in show(console, follow(airflow, run_id, watch)):
        seen[progress.dag_id] = progress
    last = list(seen.values())[-1]
    if last.state == "failed":
        _tell_failure(console, airflow, last, run_id)
        return None
    return [task for progress in seen.values() for task in progress.tasks]


def _bar(console: Console, updates: Iterable[RunState]) -> Iterator[RunState]:
    columns = (
        TextColumn("{task.description}"),
        BarColumn(bar_width=24),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("[dim]{task.fields[now]}[/dim]"),
    )
    with Progress(*columns, console=console) as bars:
        bar_of: dict[str, TaskID] = {}
        for progress in updates:
            if progress.dag_id not in bar_of:
                bar_of[progress.dag_id] = bars.add_task(progress.dag_id, now="")
            bars.update(
                bar_of[progress.dag_id],
                total=len(progress.tasks),
                completed=progress.ended,
                now=_now(progress),
            )
            if progress.has_ended:
                bars.stop_task(bar_of[progress.dag_id])
            yield progress


def _lines(console: Console, updates: Iterable[RunState]) -> Iterator[RunState]:
    started = told = time.monotonic()
    dag_id = ""
    for progress in updates:
        now = time.monotonic()
        if progress.dag_id != dag_id or progress.has_ended or now - told > _SECONDS_BETWEEN_LINES:
            dag_id, told = progress.dag_id, now
            console.print(
                f"{progress.dag_id}: {progress.ended} of {len(progress.tasks)} tasks done,"
                f" {now - started:.0f} s: {_now(progress)}"
            )
        yield progress


def _now(progress: RunState) -> str:
    """The current step in a few words."""
    running = progress.running
    if progress.has_ended or not running:
        return progress.state
    return running[0] if len(running) == 1 else f"{running[0]} and {len(running) - 1} more"


def _tell_failure(console: Console, airflow: Airflow, progress: RunState, run_id: str) -> None:
    for task in progress.failed:
        console.print(f"[bold red]✗[/bold red] {progress.dag_id}: task {task.task_id} failed. The end of its log:")
        for line in airflow.log(task, run_id).splitlines()[-_LOG_LINES:]:
            console.print(f"    {line}", markup=False)
    if not progress.failed:
        console.print(f"[bold red]✗[/bold red] {progress.dag_id}: run {run_id} failed without a failed task.")
