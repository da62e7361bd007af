"""Where the time of a run went: the slowest tasks, and how long tasks waited before they ran."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from cli.airflow_client import TRIGGER, Task
from cli.sections import Row, Section, section

_SHOWN = 5


@dataclass(frozen=True)
class TaskTime:
    """Seconds that a task waited for the scheduler and a worker once it could run, and seconds that it ran."""

    name: str
    waited: float
    ran: float

    @property
    def share(self) -> float:
        """The share of the waiting, from 0 to 1."""
        return self.waited / (self.waited + self.ran) if self.waited + self.ran else 0.0


def task_times(tasks: Sequence[Task], upstream: Mapping[str, Mapping[str, set[str]]]) -> list[TaskTime]:
    """The times of the tasks that a worker ran, the slowest first.

    A task could run when the last of its upstream tasks had ended; without one, when it was queued. The task that waits
    for the other DAG is left out, as it takes the time of that DAG's tasks.

    :param upstream: by DAG and task, the tasks that come right before it.
    """
    ends = {(task.dag_id, task.task_id): task.end for task in tasks if task.end is not None}
    found = []
    for task in tasks:
        if task.start is None or task.end is None or task.end <= task.start or task.task_id == TRIGGER:
            continue
        before = [
            end
            for name in upstream.get(task.dag_id, {}).get(task.task_id, ())
            if (end := ends.get((task.dag_id, name)))
        ]
        could = max(before, default=task.queued or task.start)
        found.append(TaskTime(task.task_id, _seconds(could, task.start), _seconds(task.start, task.end)))
    return sorted(found, key=lambda each: -each.ran)


def as_section(times: Sequence[TaskTime]) -> Section:
    """The slowest tasks, for a report, and the share of all waiting below them."""
    waited, ran = sum(each.waited for each in times), sum(each.ran for each in times)
    return section(
        "Slowest tasks",
        "task, seconds>, waited before>, share>",
        [Row([each.name, f"{each.ran:.1f}", f"{each.waited:.1f}", f"{each.share:.0%}"]) for each in times[:_SHOWN]],
        note=f"All {len(times)} tasks: {ran:.0f} s of work, {waited:.0f} s of waiting for the scheduler and a worker"
        f" ({TaskTime('', waited, ran).share:.0%}). Tasks that run side by side each count.",
    )


def _seconds(start: datetime, end: datetime) -> float:
    return max((end - start).total_seconds(), 0.0)
