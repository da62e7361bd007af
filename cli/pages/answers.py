"""What a query of a panel came to, in the three shapes that panels draw."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
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


def all_values(board: dict[str, Any]) -> dict[str, str]:
    """The variables of a dashboard => what each stands for when everything is chosen, as on a page."""
    return {
        variable["name"]: variable["allValue"] for variable in board["templating"]["list"] if "allValue" in variable
    }


def with_variables(query: str, variables: Mapping[str, str]) -> str:
    """A query with Grafana's variables filled in.

    :raises ValueError: when one is left.
    """
    for name, value in variables.items():
        query = query.replace(f"${name}", value)
    if "$" in query:
        raise ValueError(f"a variable of Grafana is not filled in: {query}")
    return query


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
