"""Rows that a scenario looks at, before and after: what was added, what changed, what is gone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import psycopg2

from bikes_store.tables import STAGING_SCHEMA, TABLES, WAREHOUSE_SCHEMA
from cli.database import connect
from cli.errors import UserError

#: The way of a row, in its order.
STATIONS = ("source", "staging", "dimension", "fact", "mart")
ADDED, CHANGED, REMOVED, SAME = "+", "~", "-", "="


@dataclass(frozen=True)
class Watch:
    """Some rows of a table. ``query`` begins with the columns of the key; it may hold %(names)s of what was chosen.

    ``shows_same`` says that rows which stay as they are belong to what there is to see; ``always`` names columns that
    do, although they stay.
    """

    station: str
    table: str
    key: int
    query: str
    shows_same: bool = False
    always: tuple[str, ...] = ()


@dataclass(frozen=True)
class Rows:
    """The rows of a watch at a moment, by their keys."""

    columns: tuple[str, ...]
    rows: Mapping[tuple[Any, ...], tuple[Any, ...]]


Picture = Mapping[Watch, Rows]


@dataclass(frozen=True)
class Change:
    """One row: its sign, and its cells, each as it was and as it is. A row that came or went has the one side twice."""

    sign: str
    cells: Sequence[tuple[Any, Any]]


@dataclass(frozen=True)
class Moved:
    """What became of the rows of a watch between two pictures; the key is the first columns."""

    watch: Watch
    columns: Sequence[str]
    changes: Sequence[Change]

    def count(self, sign: str) -> int:
        """How many rows have a sign."""
        return sum(change.sign == sign for change in self.changes)

    @property
    def has_moved(self) -> bool:
        return any(change.sign != SAME for change in self.changes)


def table(name: str, key: str, columns: str, where: str) -> tuple[Watch, Watch]:
    """The same rows of a table of the catalogue in the source and in the staging area.

    :param name: of the table, without its schema.
    :param key: names of columns, with commas.
    :param columns: those to look at besides.
    """
    source = TABLES[name].source
    select = f"SELECT {key}, {columns} FROM {{}} WHERE {where} ORDER BY {key}"
    keys = key.count(",") + 1
    return (
        Watch("source", source, keys, select.format(source)),
        Watch("staging", f"{STAGING_SCHEMA}.{name}", keys, select.format(f"{STAGING_SCHEMA}.{name}")),
    )


def built(
    name: str,
    key: str,
    columns: str,
    where: str,
    origin: str = "",
    shows_same: bool = False,
    always: tuple[str, ...] = (),
) -> Watch:
    """Rows of a table that dbt builds.

    :param origin: the FROM clause, where it is more than the table itself.
    """
    station = {"dim": "dimension", "fact": "fact", "mart": "mart"}[name.split("_")[0]]
    keys = key.count(",") + 1
    query = (
        f"SELECT {key}, {columns} FROM {origin or f'{WAREHOUSE_SCHEMA}.{name}'} WHERE {where}"
        f" ORDER BY {', '.join(str(place + 1) for place in range(keys))}"
    )
    return Watch(station, name, keys, query, shows_same, always)


def picture(watches: Sequence[Watch], source_dsn: str, warehouse_dsn: str, chosen: Mapping[str, Any]) -> Picture:
    """Take the rows of all watches, each database in one snapshot.

    :raises UserError: when the warehouse was never built, or a table lacks what the scenario needs.
    """
    taken: dict[Watch, Rows] = {}
    for dsn in (source_dsn, warehouse_dsn):
        with connect(dsn) as connection, connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
            for watch in watches:
                if (watch.station == "source") == (dsn == source_dsn):
                    taken[watch] = _rows(cursor, watch, chosen)
    return {watch: taken[watch] for watch in watches}


def _rows(cursor: Any, watch: Watch, chosen: Mapping[str, Any]) -> Rows:
    try:
        cursor.execute(watch.query, chosen)
    except (psycopg2.errors.UndefinedTable, psycopg2.errors.UndefinedColumn) as error:
        raise UserError(
            f"{watch.table} can't be looked at ({error.diag.message_primary}): has a run succeeded on this stack?"
            " `make run-pipeline` makes one."
        ) from error
    columns = tuple(column.name for column in cursor.description)
    return Rows(columns, {row[: watch.key]: row[watch.key :] for row in cursor.fetchall()})


def compare(before: Picture, after: Picture) -> list[Moved]:
    """What became of the rows of each watch, in the order of the watches."""
    return [Moved(watch, after[watch].columns, list(_changes(before[watch], after[watch]))) for watch in after]


def _changes(before: Rows, after: Rows) -> Iterator[Change]:
    for key in sorted({*before.rows, *after.rows}, key=_sortable):
        old, new = before.rows.get(key), after.rows.get(key)
        sign = ADDED if old is None else REMOVED if new is None else SAME if old == new else CHANGED
        one, other = old if old is not None else new, new if new is not None else old
        yield Change(sign, [*zip(key, key, strict=True), *zip(one or (), other or (), strict=True)])


def _sortable(key: tuple[Any, ...]) -> tuple[tuple[bool, Any], ...]:
    return tuple((value is not None, value if value is not None else 0) for value in key)


def text(value: Any) -> str:
    """A value for a person: a moment without the parts of its time that are zero, an amount with its last digit."""
    if value is None:
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, datetime):
        if value.time().isoformat() == "00:00:00":
            return value.date().isoformat()
        return value.isoformat(" ", "seconds" if value.second or value.microsecond else "minutes")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return _amount(value)
    return str(value)


def _amount(value: Decimal) -> str:
    if not value.is_finite():
        return str(value)
    whole, _, decimals = f"{value:,f}".partition(".")
    decimals = decimals.rstrip("0")
    return f"{whole}.{decimals:0<2}" if decimals else whole
