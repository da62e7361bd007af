"""How old the last load of each table is, beside how old it may be (dags/bikes_store/tables.py)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from bikes_store.load_log import last_loads
from bikes_store.tables import STAGED
from cli.sections import Row, Section, in_words, section


@dataclass(frozen=True)
class Freshness:
    """A table of the staging area, by its name in the source. ``age`` is None when nothing was loaded yet."""

    table: str
    loaded_at: datetime | None
    age: timedelta | None
    allowed: timedelta

    @property
    def is_stale(self) -> bool:
        return self.age is None or self.age > self.allowed


def read_freshness(warehouse: Any) -> list[Freshness]:
    """Every table of the catalogue, in load order.

    :param warehouse: a connection of psycopg2 with no transaction open; it is left that way.
    """
    loads = last_loads(warehouse)
    found = []
    for name, table in STAGED.items():
        moment, age = loads.get(name, (None, None))
        found.append(Freshness(table.source, moment, age, table.fresh_for))
    return found


def as_section(found: Sequence[Freshness], rows: Mapping[str, str] | None = None) -> Section:
    """The tables with their ages, for `make status` and the page.

    :param rows: the number of rows of each table, in words.
    """
    columns = (
        "table, rows>, last load (UTC), age>, may be>" if rows is not None else "table, last load (UTC), age>, may be>"
    )
    return section(
        "Freshness",
        columns,
        [
            Row(
                [
                    each.table,
                    *([rows.get(each.table, "–")] if rows is not None else []),
                    f"{each.loaded_at:%Y-%m-%d %H:%M}" if each.loaded_at else "never",
                    in_words(each.age.total_seconds()) if each.age is not None else "–",
                    in_words(each.allowed.total_seconds()),
                ],
                each.is_stale,
            )
            for each in found
        ],
    )


def in_a_sentence(found: Sequence[Freshness]) -> str:
    """How fresh all of them are, for the end of a report."""
    if stale := [each for each in found if each.is_stale]:
        return f"Not fresh: {'; '.join(map(_told, stale))}."
    oldest = max(found, key=lambda each: each.age or timedelta(0))
    age = in_words((oldest.age or timedelta(0)).total_seconds())
    return f"All {len(found)} tables are fresh; the oldest load, of {oldest.table}, is {age} old."


def _told(stale: Freshness) -> str:
    if stale.age is None:
        return f"{stale.table} was never loaded"
    age, allowed = (in_words(each.total_seconds()) for each in (stale.age, stale.allowed))
    return f"{stale.table} was loaded {age} ago, and may be {allowed} old"
