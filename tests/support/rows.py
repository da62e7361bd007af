"""Rows that nobody thought of: strategies of hypothesis for the types of the source's columns."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from xml.sax.saxutils import escape

from hypothesis import strategies as st

from cli.database import query

Row = dict[str, Any]


@dataclass(frozen=True)
class Column:
    """A column of the source, as ``information_schema`` describes it."""

    name: str
    type: str
    length: int | None
    precision: int | None
    scale: int | None
    nullable: bool

    @property
    def kind(self) -> tuple[str, bool, bool, bool]:
        """What decides which values it may hold, and how they travel."""
        return self.type, self.length is not None, self.scale is not None and self.type == "numeric", self.nullable


def columns_of(dsn: str, schema: str, table: str, names: Iterable[str]) -> list[Column]:
    """The columns of a table that have one of the names."""
    found = query(
        dsn,
        "SELECT column_name::text, data_type::text, character_maximum_length::integer, numeric_precision::integer,"
        " numeric_scale::integer, is_nullable = 'YES' AND NOT EXISTS ("
        "   SELECT FROM pg_type WHERE typname = domain_name AND typtype = 'd' AND typnotnull)"
        f" FROM information_schema.columns WHERE table_schema = '{schema}' AND table_name = '{table}'"
        " ORDER BY ordinal_position",
    )
    wanted = set(names)
    return [Column(*row) for row in found if row[0] in wanted]


def rows(columns: Iterable[Column], key: tuple[str, ...], most: int) -> st.SearchStrategy[list[Row]]:
    """Up to so many rows with different keys."""
    row = st.fixed_dictionaries({column.name: values(column) for column in columns})
    return st.lists(row, min_size=1, max_size=most, unique_by=lambda made: tuple(made[name] for name in key))


@st.composite
def next_rows(draw: st.DrawFn, columns: list[Column], key: tuple[str, ...], made: list[Row]) -> list[Row]:
    """The rows of a table after people worked on it: some have other values, some are gone, some are new."""
    others = [column for column in columns if column.name not in key]
    kept = [row for row in made if draw(st.integers(0, 3))]
    changed = [
        {**row, **{c.name: draw(values(c) | _nearly(c, row[c.name])) for c in draw(st.sets(st.sampled_from(others)))}}
        for row in kept
    ]
    keys = {tuple(row[name] for name in key) for row in changed}
    new = draw(rows(columns, key, most=2))
    return changed + [row for row in new if tuple(row[name] for name in key) not in keys]


def values(column: Column) -> st.SearchStrategy[Any]:
    """All that a column may hold, as psycopg2 takes it.

    :raises KeyError: for a type that has no strategy here.
    """
    made = _STRATEGIES[column.type](column)
    return st.none() | made if column.nullable else made


def _nearly(column: Column, value: Any) -> st.SearchStrategy[Any]:
    """A value that is equal to another, or looks alike, and is not the same."""
    if column.type == "numeric" and column.scale is None and value and set(value) <= set("-.0123456789"):
        return st.just(f"{value}0" if "." in value else f"{value}.0")
    if column.type in ("character varying", "text", "xml") and value is not None:
        return st.sampled_from([f"{value} "[: column.length], value.swapcase() if column.type != "xml" else value])
    return st.nothing()


# What CSV, COPY or a shell might take for something else. Joined, they make what nobody would write.
_PIECES = [
    *"\"',;|\t\n\r\\ \v\f\x01\x1f\x7f\x85\u2028\ufeff\u00a0\u200d\u202e\u0301\u0000"[:-1],
    "\\N",
    "\\.",
    "\n\\.\n",
    "\r\n",
    '""',
    "NULL",
    "NaN",
    "é",
    "e\u0301",
    "🚲",
    "👩‍👩‍👧",
    "\U0010ffff",
    "%s",
    "{0}",
    "=1+1",
    "0",
]
_ANY_CHARACTER = st.characters(exclude_categories=["Cs"], exclude_characters="\0")
_USUAL_LENGTH = 12


def _text(column: Column) -> st.SearchStrategy[str]:
    length = column.length or 50
    pieces = st.lists(st.sampled_from(_PIECES), max_size=6).map("".join)
    usual = pieces | st.text(_ANY_CHARACTER, max_size=min(length, _USUAL_LENGTH))
    full = st.sampled_from(["\U0001f6b2", '"', " ", "\u0301"]).map(lambda character: character * length)
    return st.one_of(usual.map(lambda text: text[:length]), full)


def _integer(bits: int) -> Callable[[Column], st.SearchStrategy[Any]]:
    return lambda _: st.integers(-(2 ** (bits - 1)), 2 ** (bits - 1) - 1)


def _numeric(column: Column) -> st.SearchStrategy[Any]:
    if column.precision is not None and column.scale is not None:
        limit = 10**column.precision - 1
        sized = st.integers(-limit, limit).map(lambda digits: Decimal(digits).scaleb(-(column.scale or 0)))
        return sized.map(str) | st.just("NaN")
    # The scale is a part of the value: 1.0 is not 1.00.
    any_scale = st.tuples(st.integers(-(10**40), 10**40), st.integers(0, 60)).map(
        lambda made: f"{Decimal(made[0]).scaleb(-made[1]):f}"
    )
    longest = st.sampled_from(["NaN", "Infinity", "-Infinity", "0.000", "-0", "9" * 900, f"0.{'0' * 900}1", "1e1000"])
    alike = st.sampled_from(["0", "0.0", "0.00", "1", "1.0", "1.00"])
    return any_scale | longest | alike


_DATES = ["4713-01-01 BC", "0001-12-31 BC", "0001-01-01", "9999-12-31", "5874897-12-31", "infinity", "-infinity"]
_TIMES = [
    "4713-01-01 00:00:00 BC",
    "0044-03-15 23:59:59.999999 BC",
    "1969-12-31 23:59:59.999999",
    "2024-03-10 02:30:00",  # the clock of New York leaves this hour out
    "2024-09-01 24:00:00",
    "294276-12-31 23:59:59.999999",
    "infinity",
    "-infinity",
]


def _date(_: Column) -> st.SearchStrategy[Any]:
    return st.dates(date(1, 1, 1)).map(date.isoformat) | st.sampled_from(_DATES)


def _timestamp(_: Column) -> st.SearchStrategy[Any]:
    return st.datetimes(datetime(1, 1, 1)).map(datetime.isoformat) | st.sampled_from(_TIMES)


def _xml(_: Column) -> st.SearchStrategy[str]:
    character = st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\ufffe\uffff")
    text = st.text(character | st.sampled_from("\t\n\r\"'\\,"), max_size=_USUAL_LENGTH)
    content = st.one_of(
        text.map(escape),
        st.sampled_from(["<!-- ', \" -->", "<![CDATA[ < & \\. ]]>", "<?pi \\N?>", "&#233;", "\n\\.\n", ""]),
    )
    element = st.tuples(st.sampled_from(["a", "é", "x:b"]), text.map(lambda t: escape(t, {'"': "&quot;"})), content)
    node = element.map(lambda made: f'<{made[0]} xmlns:x="urn:x" c="{made[1]}">{made[2]}</{made[0]}>') | content
    return st.lists(node, max_size=3).map("".join)


_STRATEGIES: dict[str, Callable[[Column], st.SearchStrategy[Any]]] = {
    "boolean": lambda _: st.booleans(),
    "smallint": _integer(16),
    "integer": _integer(32),
    "bigint": _integer(64),
    "numeric": _numeric,
    "character": _text,
    "character varying": _text,
    "text": _text,
    "date": _date,
    "timestamp without time zone": _timestamp,
    "uuid": lambda _: st.uuids().map(str),
    "xml": _xml,
}
