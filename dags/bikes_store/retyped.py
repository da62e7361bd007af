"""Columns that have another type in the source than in the staging area.

PostgreSQL makes the best of a text that it reads: it rounds 1.005 to two digits, drops the time behind a date, and
takes 03/04/2024 for a day in March or in April, as the server is set. So the values of such a column come in as text,
and each must be written the same after the conversion as before. A type that is wider than needed, like bigint for
integer, stands in nobody's way as long as its values fit.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import psycopg2
from psycopg2 import sql

from bikes_store import columns
from bikes_store.errors import Refused
from bikes_store.tables import STAGING_SCHEMA, Table

if TYPE_CHECKING:
    from psycopg2.extensions import cursor as Cursor

    from bikes_store.lake import Manifest

log = logging.getLogger(__name__)

# They take any text as it is.
_TAKE_ANY_TEXT = frozenset({"text", "character varying"})
_LONGEST_VALUE = 60


@dataclass(frozen=True)
class Retyped:
    """A column, with its type in the source and in the staging area."""

    column: str
    source: str
    staging: str


def find(cursor: Cursor, table: Table, manifest: Manifest) -> list[Retyped]:
    """The columns of an object whose values the staging area would convert.

    An object without types has none: those of the currency API, whose values are checked before, and those that an
    earlier release wrote.

    :param cursor: of the staging area.
    """
    staging = columns.read_types(cursor, STAGING_SCHEMA, table.name)
    return [
        Retyped(column, source, staging[column])
        for column, source in zip(manifest.columns, manifest.types, strict=False)
        if column in staging and staging[column] not in {source, *_TAKE_ANY_TEXT}
    ]


def receive_as_text(cursor: Cursor, incoming: sql.Identifier, retyped: Iterable[Retyped]) -> None:
    """Let a table, which is empty yet, receive columns as text."""
    _alter(cursor, incoming, retyped, "{column} TYPE text")


def convert(cursor: Cursor, table: Table, incoming: sql.Identifier, retyped: Iterable[Retyped]) -> None:
    """Give the columns their types in the staging area.

    :param incoming: the table that received them as text.
    :param cursor: in a session with the settings of :data:`bikes_store.database.PLAIN_VALUES`.
    :raises Refused: when a value can't be converted, or would not stay as it is.
    """
    for one in retyped:
        # format() writes a value as COPY does; a cast to text leaves out the blanks that fill a character(n).
        query = sql.SQL(
            "SELECT value, staged FROM ("
            " SELECT {column} AS value, format('%s', {column}::{type}) AS staged FROM {table}"
            ") AS converted WHERE value <> staged LIMIT 1"
        ).format(column=sql.Identifier(one.column), type=sql.SQL(one.staging), table=incoming)
        try:
            cursor.execute(query)
        except psycopg2.DataError as error:
            raise _refusal(table, one, f"not every value fits: {error.diag.message_primary}") from error
        for value, staged in cursor.fetchall():
            raise _refusal(table, one, f"{_shown(value)} would become {_shown(staged)}")
        log.warning(
            "%s: %s is of type %s, and of type %s in the staging area; all values fit as they are",
            table.source,
            one.column,
            one.source,
            one.staging,
        )
    _alter(cursor, incoming, retyped, "{column} TYPE {type} USING {column}::{type}")


def _alter(cursor: Cursor, incoming: sql.Identifier, retyped: Iterable[Retyped], action: str) -> None:
    actions = [
        sql.SQL(f"ALTER {action}").format(column=sql.Identifier(one.column), type=sql.SQL(one.staging))
        for one in retyped
    ]
    if actions:
        cursor.execute(sql.SQL("ALTER TABLE {} {}").format(incoming, sql.SQL(", ").join(actions)))


def _refusal(table: Table, one: Retyped, what: str) -> Refused:
    return Refused(
        f"The source does not keep its contract for {table.source}: {one.column} is of type {one.source}, and of type"
        f" {one.staging} in the staging area, where {what}; change the source back, or the column in"
        " warehouse/staging.sql and in the warehouse."
    )


def _shown(value: str) -> str:
    return repr(value if len(value) <= _LONGEST_VALUE else f"{value[:_LONGEST_VALUE]}…")
