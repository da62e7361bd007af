"""Which slice of time a run covers."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timezone

from bikes_store.errors import Refused
from bikes_store.tables import CHANGE_COLUMN


@dataclass(frozen=True)
class Window:
    """Rows changed from ``start`` (included) to ``end`` (excluded).

    Both are UTC without a time zone, as the source keeps its change column.
    """

    start: datetime
    end: datetime

    def __str__(self) -> str:
        return f"{self.start.isoformat()}/{self.end.isoformat()}"


#: A run that takes every row there is.
FULL: None = None
_FULL_WORD = "full"


def interval_of_run(start: datetime, end: datetime) -> Window:
    """The data interval of a run as a window: what the run takes in incremental mode.

    :param start, end: with time zone, as Airflow gives them.
    :raises Refused: when the interval is empty, as that of some hand-made runs is.
    """
    window = Window(*(moment.astimezone(timezone.utc).replace(tzinfo=None) for moment in (start, end)))
    if window.start >= window.end:
        raise Refused(f"The run's data interval {window} is empty: trigger the DAG with a data interval of a day.")
    return window


def to_text(window: Window | None) -> str:
    """A window as it is written on an object of the lake."""
    return _FULL_WORD if window is None else str(window)


def condition(window: Window | None) -> tuple[str, dict[str, datetime]]:
    """The WHERE clause for a window, with its parameters (psycopg2 style); empty for a full run."""
    if window is None:
        return "", {}
    clause = f'WHERE "{CHANGE_COLUMN}" >= %(start)s AND "{CHANGE_COLUMN}" < %(end)s'
    return clause, {"start": window.start, "end": window.end}
