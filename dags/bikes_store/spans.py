"""How long each group of tasks took."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from operator import itemgetter
from typing import NamedTuple


class TaskSpan(NamedTuple):
    """When a task of a group ran. Start and end are None for a task that never started or has not ended."""

    group: str
    state: str | None
    start: datetime | None
    end: datetime | None


def group_seconds(tasks: Iterable[TaskSpan]) -> dict[str, float]:
    """Seconds from the first start to the last end in each group, in the order in which the groups started.

    Skipped tasks do not count, nor do tasks that lack a start or an end. A group that has only such tasks is left out.
    """
    spans: dict[str, tuple[datetime, datetime]] = {}
    for task in tasks:
        if task.start is not None and task.end is not None and task.state != "skipped":
            start, end = spans.get(task.group, (task.start, task.end))
            spans[task.group] = min(start, task.start), max(end, task.end)
    return {group: (end - start).total_seconds() for group, (start, end) in sorted(spans.items(), key=itemgetter(1))}
