"""Which rows a run takes: all of them, or those that changed in the run's data interval.

:class:`Full` and :class:`Window` have the same two uses: ``str()`` gives the text that an object of the lake carries,
and ``condition()`` gives the WHERE clause.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timezone

from bikes_store.errors import Refused
from bikes_store.tables import CHANGE_COLUMN


@dataclass(frozen=True)
class Full:
    """All rows of a table."""

    def __str__(self) -> str:
        return "full"

    def condition(self) -> tuple[str, dict[str, datetime]]:
        """No WHERE clause, no parameters."""
        return "", {}


FULL = Full()


@dataclass(frozen=True)
class Window:
    """Rows that changed from ``start`` (included) to ``end`` (excluded).

    Both are UTC without a time zone, like the change column of the source.
    """

    start: datetime
    end: datetime

    def __str__(self) -> str:
        return f"{self.start.isoformat()}/{self.end.isoformat()}"

    def condition(self) -> tuple[str, dict[str, datetime]]:
        """The WHERE clause, with its parameters (psycopg2 style)."""
        clause = f'WHERE "{CHANGE_COLUMN}" >= %(start)s AND "{CHANGE_COLUMN}" < %(end)s'
        return clause, {"start": self.start, "end": self.end}


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
