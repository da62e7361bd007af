"""Lake to staging area."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING

import psycopg2
from psycopg2 import sql

from bikes_store.database import transaction
from bikes_store.errors import Refused
from bikes_store.lake import Body, Manifest, read_object
from bikes_store.tables import STAGING_SCHEMA, Table
from bikes_store.window import Window

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from psycopg2.extensions import connection as Connection
    from psycopg2.extensions import cursor as Cursor

log = logging.getLogger(__name__)

# Types where "=" finds every change. With other types it misses some (the numerics 1.0 and 1.00 are equal) or does not
# exist (xml), so columns of those types are compared as text.
_COMPARABLE = frozenset(
    {"smallint", "integer", "bigint", "boolean", "uuid", "date", "timestamp without time zone"}
    | {"text", "character varying", "character"}
)


@dataclass(frozen=True)
class Loaded:
    """What a load did: rows in the object, rows written because they are new or changed, rows deleted."""

    rows: int
    written: int
    deleted: int


def load_table(staging: Connection, lake: S3Client, table: Table, run_id: str, interval: Window) -> Loaded:
    """Bring the object that a run wrote for a table into the staging area, in one transaction.

    A full object makes the staging table equal to the source, deletions included. An incremental object adds and
    updates rows. Rows that did not change are not touched. The object itself says which of the two it is. So nobody
    loses rows when the variable for the mode changes between extract and load.

    :param staging: a connection of psycopg2 with no transaction open; it is left that way.
    :param interval: the run's data interval; an incremental object must cover exactly that.
    :return: how many rows the load read, wrote and deleted.
    :raises Refused: when the object is missing, cut off or of another run, or a row breaks a rule of the staging area.
    :raises Unavailable: when the warehouse or the lake goes away.
    """
    with read_object(lake, table.source, run_id) as (manifest, stream):
        _check(manifest, table, interval)
        try:
            with transaction(staging, "warehouse") as cursor:
                loaded = _apply(cursor, table, manifest, stream)
        except (psycopg2.IntegrityError, psycopg2.DataError, psycopg2.ProgrammingError) as error:
            reason = " ".join(part for part in (error.diag.message_primary, error.diag.message_detail) if part)
            raise Refused(f"{STAGING_SCHEMA}.{table.name} does not take what the lake holds: {reason}") from error
    log.info("%s.%s: %s", STAGING_SCHEMA, table.name, loaded)
    return loaded


def _check(manifest: Manifest, table: Table, interval: Window) -> None:
    needed = [column for column in table.columns if column not in table.optional or column in table.key]
    if not set(needed) <= set(manifest.columns) <= set(table.columns):
        raise Refused(
            f"The object of {manifest.source} has the columns {', '.join(manifest.columns)};"
            f" staging expects {', '.join(table.columns)}."
        )
    if not manifest.is_full and manifest.window != str(interval):
        raise Refused(f"The object of {manifest.source} covers {manifest.window}, but this run covers {interval}.")


def _apply(cursor: Cursor, table: Table, manifest: Manifest, stream: Body) -> Loaded:
    target = sql.Identifier(STAGING_SCHEMA, table.name)
    columns = sql.SQL(", ").join(map(sql.Identifier, manifest.columns))
    cursor.execute("SET LOCAL client_encoding = 'UTF8'")
    # Only one load of a table at a time; readers need not wait.
    cursor.execute(sql.SQL("LOCK TABLE {} IN SHARE ROW EXCLUSIVE MODE").format(target))
    cursor.execute(sql.SQL("SELECT EXISTS (SELECT FROM {})").format(target))
    ((has_rows,),) = cursor.fetchall()
    if not has_rows:  # nothing to compare with
        _copy(cursor, target, columns, manifest, stream)
        return Loaded(manifest.rows, manifest.rows, 0)
    cursor.execute(
        sql.SQL("CREATE TEMPORARY TABLE incoming ON COMMIT DROP AS SELECT {} FROM {} WITH NO DATA").format(
            columns, target
        )
    )
    _copy(cursor, sql.Identifier("incoming"), columns, manifest, stream)
    cursor.execute("ANALYZE incoming")
    deleted = _delete_missing(cursor, target, table.key) if manifest.is_full else 0
    return Loaded(manifest.rows, _upsert(cursor, target, table.key, manifest.columns), deleted)


def _copy(cursor: Cursor, target: sql.Identifier, columns: sql.Composed, manifest: Manifest, stream: Body) -> None:
    cursor.copy_expert(sql.SQL("COPY {} ({}) FROM STDIN (FORMAT csv, HEADER)").format(target, columns), stream)
    if cursor.rowcount != manifest.rows:
        raise Refused(
            f"The object of {manifest.source} holds {cursor.rowcount} rows, but was written with {manifest.rows}:"
            " extract it again."
        )


def _delete_missing(cursor: Cursor, target: sql.Identifier, key: tuple[str, ...]) -> int:
    cursor.execute(
        sql.SQL("DELETE FROM {} AS held WHERE NOT EXISTS (SELECT FROM incoming WHERE ({}) = ({}))").format(
            target, _qualified("held", key), _qualified("incoming", key)
        )
    )
    return cursor.rowcount


def _upsert(cursor: Cursor, target: sql.Identifier, key: tuple[str, ...], columns: tuple[str, ...]) -> int:
    others = [column for column in columns if column not in key]
    names = sql.SQL(", ").join(map(sql.Identifier, columns))
    action: sql.Composable = sql.SQL("NOTHING")
    if others:
        types = _types(cursor)
        action = sql.SQL("UPDATE SET {} WHERE ({}) IS DISTINCT FROM ({})").format(
            sql.SQL(", ").join(sql.SQL("{0} = EXCLUDED.{0}").format(sql.Identifier(name)) for name in others),
            _comparable("held", others, types),
            _comparable("excluded", others, types),
        )
    cursor.execute(
        sql.SQL("INSERT INTO {} AS held ({}) SELECT {} FROM incoming ON CONFLICT ({}) DO {}").format(
            target, names, names, sql.SQL(", ").join(map(sql.Identifier, key)), action
        )
    )
    return cursor.rowcount


def _types(cursor: Cursor) -> dict[str, str]:
    cursor.execute(
        "SELECT attname, atttypid::regtype::text FROM pg_attribute"
        " WHERE attrelid = 'pg_temp.incoming'::regclass AND attnum > 0"
    )
    return dict(cursor.fetchall())


def _qualified(alias: str, columns: tuple[str, ...]) -> sql.Composed:
    return sql.SQL(", ").join(sql.Identifier(alias, column) for column in columns)


def _comparable(alias: str, columns: list[str], types: dict[str, str]) -> sql.Composed:
    return sql.SQL(", ").join(
        sql.SQL("{}" if types[column] in _COMPARABLE else "{}::text").format(sql.Identifier(alias, column))
        for column in columns
    )
