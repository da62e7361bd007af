"""The columns of a table in the source: their types, and how their values are written for the staging area."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from psycopg2 import sql

from bikes_store.tables import CHANGE_COLUMN

if TYPE_CHECKING:
    from psycopg2.extensions import cursor as Cursor

AWARE = "timestamp with time zone"
NAIVE = "timestamp without time zone"
DATE = "date"

#: The types of some columns by their names, as PostgreSQL writes them: ``numeric(8,2)``, ``character varying(50)``.
Types = Mapping[str, str]

# Where a column has a domain, what counts is the type below it.
_TYPES = """
SELECT
    attname::text,
    CASE typtype WHEN 'd' THEN format_type(typbasetype, typtypmod) ELSE format_type(atttypid, atttypmod) END
FROM pg_attribute
JOIN pg_class ON pg_class.oid = attrelid
JOIN pg_namespace ON pg_namespace.oid = relnamespace
JOIN pg_type ON pg_type.oid = atttypid
WHERE nspname = %s AND relname = %s AND attnum > 0 AND NOT attisdropped
    AND has_column_privilege(attrelid, attnum, 'SELECT')
ORDER BY attnum
"""


def read_types(cursor: Cursor, schema: str, table: str) -> dict[str, str]:
    """The type of each column of a table that this session's role may read, in their order; nothing when there is no
    such table.
    """
    cursor.execute(_TYPES, (schema, table))
    return dict(cursor.fetchall())


def kind(data_type: str | None) -> str | None:
    """A type without its length or precision: ``numeric`` of ``numeric(8,2)``."""
    return None if data_type is None else re.sub(r"\([\d,-]+\)", "", data_type)


def written_type(column: str, types: Types) -> str:
    """The type of what :func:`value` gives. Empty, when it is not known."""
    return NAIVE if _is_converted(column, types) else types.get(column, "")


def value(column: str, types: Types, alias: str | None = None) -> sql.Composable:
    """A column as the staging area keeps it: a time with a time zone in UTC and without the zone, and a day that is a
    change time as the moment at which it begins.

    :param types: of the columns of the table. Columns that are not in it are kept as they are.
    :param alias: of the table in the query.
    """
    name = sql.Identifier(alias, column) if alias else sql.Identifier(column)
    if not _is_converted(column, types):
        return name
    return sql.SQL("{} AT TIME ZONE 'UTC'" if kind(types[column]) == AWARE else "{}::timestamp").format(name)


def values(columns: Iterable[str], types: Types) -> sql.Composed:
    """The columns as the staging area keeps them, for a SELECT. They keep their names."""
    return sql.SQL(", ").join(
        sql.SQL("{} AS {}").format(value(column, types), sql.Identifier(column)) for column in columns
    )


def _is_converted(column: str, types: Types) -> bool:
    data_type = kind(types.get(column))
    return data_type == AWARE or (data_type == DATE and column == CHANGE_COLUMN)
