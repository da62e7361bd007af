"""Which rows a run takes: all of them, or those that changed in the run's data interval.

``str()`` of :class:`Full` and :class:`Window` gives the text that an object of the lake carries.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timezone

from bikes_store.errors import Refused


@dataclass(frozen=True)
class Full:
    """All rows of a table."""

    def __str__(self) -> str:
        return "full"


FULL = Full()


@dataclass(frozen=True)
class Window:
    """Rows that changed from ``start`` (included) to ``end`` (excluded).

    Both are UTC without a time zone. :mod:`bikes_store.change_time` says what they are in the source.
    """

    start: datetime
    end: datetime

    def __str__(self) -> str:
        return f"{self.start.isoformat()}/{self.end.isoformat()}"


def interval_of_run(start: datetime, end: datetime) -> Window:
    """The data interval of a run as a window: what the run takes in incremental mode.

    :param start: start of the interval, with a time zone, as Airflow gives it.
    :param end: end of the interval, likewise.
    :raises Refused: when the interval is empty. Some runs that are made by hand have an empty one.
    """
    window = Window(*(moment.astimezone(timezone.utc).replace(tzinfo=None) for moment in (start, end)))
    if window.start >= window.end:
        raise Refused(f"The run's data interval {window} is empty: trigger the DAG with a data interval of a day.")
    return window
