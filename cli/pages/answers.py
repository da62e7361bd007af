"""What a query of a panel came to, in the three shapes that panels draw."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from cli.pages.charts import Series

#: A panel, as its dashboard's JSON has it.
Panel = dict[str, Any]


@dataclass(frozen=True)
class Table:
    """Names of columns, and rows of cells."""

    columns: Sequence[str]
    rows: Sequence[Sequence[Any]]


class Source(Protocol):
    """A data source of Grafana."""

    def values(self, panel: Panel) -> Sequence[tuple[str, Any]]:
        """Names and values; the name may be empty."""

    def series(self, panel: Panel) -> Series:
        """Values over time, by name."""

    def table(self, panel: Panel) -> Table:
        """A table."""


@dataclass(frozen=True)
class Window:
    """The time that a page shows, in seconds since 1970."""

    start: float
    end: float
