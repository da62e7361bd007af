"""Which rows a run takes: all of them, or those that changed since what the staging area holds.

``str()`` of :class:`Full` and :class:`Window` gives the text that an object of the lake carries.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta, timezone

from bikes_store.errors import Refused


@dataclass(frozen=True)
class Full:
    """All rows of a table."""

    def __str__(self) -> str:
        return "full"


FULL = Full()
_EPOCH = datetime(1970, 1, 1)


@dataclass(frozen=True)
class Window:
    """Rows that changed from ``start`` (included) to ``end`` (excluded).

    Both are UTC without a time zone. :mod:`bikes_store.change_time` says what they are in the source.
    """

    start: datetime
    end: datetime

    def __str__(self) -> str:
        return f"{self.start.isoformat()}/{self.end.isoformat()}"


def read_window(text: str) -> Window | Full:
    """The window that ``str()`` wrote.

    :raises ValueError: when the text is something else.
    """
    if text == str(FULL):
        return FULL
    start, end = map(datetime.fromisoformat, text.split("/"))
    return Window(start, end)


def plan(interval: Window, held_until: datetime | None, overlap: timedelta) -> Window | Full:
    """What a run takes of a table in incremental mode, so that nothing falls between two runs.

    It begins where the staging area ends, when days were missed, and at the run's own interval when a day is run again.
    The overlap is for rows that were committed after an earlier run had read the source, but are stamped before that.

    :param interval: the run's data interval.
    :param held_until: up to when the staging area holds the table's changes, in UTC; None when it holds nothing.
    :param overlap: how much earlier than that the window begins.
    :return: all rows, when the staging area holds nothing.
    """
    if held_until is None:
        return FULL
    return Window(min(interval.start, held_until) - overlap, interval.end)


def is_due(interval: Window, held_until: datetime | None, every_days: int) -> bool:
    """Whether a run does what is done every so many days. A run that takes missed days does what was due on them.

    :param every_days: 1 for each day, 0 for never.
    """
    if not every_days:
        return False
    period = timedelta(days=every_days)
    start = interval.start if held_until is None else min(interval.start, held_until)
    return (start - _EPOCH) // period != (interval.end - _EPOCH) // period


def interval_of_run(start: datetime, end: datetime) -> Window:
    """The data interval of a run as a window: what the run takes at least in incremental mode.

    :param start: start of the interval, with a time zone, as Airflow gives it.
    :param end: end of the interval, likewise.
    :raises Refused: when the interval is empty. Some runs that are made by hand have an empty one.
    """
    window = Window(*(_plain(moment.astimezone(timezone.utc)) for moment in (start, end)))
    if window.start >= window.end:
        raise Refused(f"The run's data interval {window} is empty: trigger the DAG with a data interval of a day.")
    return window


def _plain(moment: datetime) -> datetime:
    """Of Python's own type and without a time zone. Airflow gives moments of pendulum, which calculates otherwise."""
    return datetime.combine(moment.date(), moment.time())
