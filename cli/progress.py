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
    for progress in shown(console, follow(airflow, run_id, watch)):
        seen[progress.dag_id] = progress
    if failed := [progress for progress in seen.values() if progress.state == "failed"]:
        _tell_failure(console, airflow, failed[0])
        return None
    return [task for progress in seen.values() for task in progress.tasks]


def shown(console: Console, updates: Iterable[RunState]) -> Iterator[RunState]:
    """Pass on what is known of a run, and show it meanwhile."""
    yield from (_bar if console.is_terminal else _lines)(console, updates)


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
                now=progress.now,
            )
            if progress.has_ended:
                bars.stop_task(bar_of[progress.dag_id])
            yield progress


def _lines(console: Console, updates: Iterable[RunState]) -> Iterator[RunState]:
    started = told = time.monotonic()
    last = None
    for progress in updates:
        now = time.monotonic()
        changed = last is None or progress.dag_id != last.dag_id or (progress.now != last.now and not progress.running)
        last = progress
        if changed or now - told > _SECONDS_BETWEEN_LINES:
            told = now
            console.print(
                f"{progress.dag_id}: {progress.ended} of {len(progress.tasks)} tasks done,"
                f" {now - started:.0f} s: {progress.now}"
            )
        yield progress


def _tell_failure(console: Console, airflow: Airflow, progress: RunState) -> None:
    for task in progress.failed:
        console.print(f"[bold red]✗[/bold red] {progress.dag_id}: task {task.task_id} failed. The end of its log:")
        for line in airflow.log(task, progress.run_id).splitlines()[-_LOG_LINES:]:
            console.print(f"    {line}", markup=False)
    if not progress.failed:
        console.print(f"[bold red]✗[/bold red] {progress.dag_id}: run {progress.run_id} failed without a failed task.")
