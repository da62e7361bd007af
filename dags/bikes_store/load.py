"""Lake to staging area."""

from __future__ import annotations

import logging
import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import psycopg2
from psycopg2 import sql

from bikes_store import comparison, load_log, retyped
from bikes_store.comparison import NO_DIFFERENCE, Difference
from bikes_store.database import PLAIN_VALUES, transaction
from bikes_store.deletions import DEFAULT_LIMIT, DeletionLimit, check_deletion
from bikes_store.errors import Refused
from bikes_store.lake import CHUNK_SIZE, Body, Manifest, read_object
from bikes_store.staging import refuse_outdated
from bikes_store.tables import STAGING_SCHEMA, Table
from bikes_store.window import Window, read_window

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

# Temporary tables: what the object holds, and all keys of the source.
_INCOMING, _LISTED = sql.Identifier("incoming"), sql.Identifier("listed")

# A load that changed a larger share of a table renews its statistics.
_MUCH = 0.1


@dataclass(frozen=True)
class Loaded:
    """What a load did: rows in the object, rows written because they are new or changed, rows deleted; in what the
    table differs from the source after that; and how many of the written rows had been there with other values.
    """

    rows: int
    written: int
    deleted: int
    difference: Difference = NO_DIFFERENCE
    updated: int = 0


def load_table(
    staging: Connection,
    lake: S3Client,
    table: Table,
    run_id: str,
    interval: Window,
    limit: DeletionLimit = DEFAULT_LIMIT,
) -> Loaded:
    """Bring the object that a run wrote for a table into the staging area, in one transaction.

    A full object makes the staging table equal to the source, deletions included. An incremental object adds and
    updates rows, and deletes rows when the run has listed all keys of the source. Then the table is compared with what
    the source held, and the log says in what they differ. Rows that did not change are not touched. The object itself
    says which of the two it is. So nobody loses rows when the variable for the mode changes between extract and load.

    :param staging: a connection of psycopg2 with no transaction open; it is left that way.
    :param interval: the run's data interval; an incremental object begins no later and ends with it.
    :param limit: how many rows the load may delete.
    :return: how many rows the load read, wrote and deleted.
    :raises Refused: when the object is missing, cut off, of another run or older than what the table holds, when the
        load would delete too much, or when a row breaks a rule of the staging area.
    :raises Unavailable: when the warehouse or the lake goes away, or somebody holds a lock on the table.
    """
    with read_object(lake, table.source, run_id) as (manifest, stream):
        _check(manifest, table, interval)
        try:
            with refuse_outdated(), transaction(staging, "warehouse", f"{STAGING_SCHEMA}.{table.name}") as cursor:
                loaded = _apply(cursor, table, manifest, stream, limit)
                loaded = _compare(cursor, lake, table, manifest, loaded, limit)
                _renew_statistics(cursor, table, loaded)
                load_log.record(cursor, table, manifest, loaded)
        except (psycopg2.IntegrityError, psycopg2.DataError, psycopg2.ProgrammingError) as error:
            raise Refused(
                f"{STAGING_SCHEMA}.{table.name} does not take what the lake holds: {_reason(error)}"
            ) from error
    log.info("%s.%s: %s", STAGING_SCHEMA, table.name, loaded)
    if loaded.difference.rows:
        log.warning(
            "%s.%s differs from the source: %s. No window brings that: run once in full mode.",
            STAGING_SCHEMA,
            table.name,
            loaded.difference.text,
        )
    return loaded


def _check(manifest: Manifest, table: Table, interval: Window) -> None:
    needed = [column for column in table.columns if column not in table.optional or column in table.key]
    if not set(needed) <= set(manifest.columns) <= set(table.columns):
        raise Refused(
            f"The object of {manifest.source} has the columns {', '.join(manifest.columns)};"
            f" staging expects {', '.join(table.columns)}."
        )
    window = read_window(manifest.window)
    if isinstance(window, Window) and not (window.start <= interval.start and window.end == interval.end):
        raise Refused(f"The object of {manifest.source} covers {manifest.window}, but this run covers {interval}.")


def _apply(cursor: Cursor, table: Table, manifest: Manifest, stream: Body, limit: DeletionLimit) -> Loaded:
    target = sql.Identifier(STAGING_SCHEMA, table.name)
    columns = sql.SQL(", ").join(map(sql.Identifier, manifest.columns))
    cursor.execute("SET LOCAL client_encoding = 'UTF8'")
    cursor.execute(PLAIN_VALUES)
    # Only one load of a table at a time; readers need not wait.
    cursor.execute(sql.SQL("LOCK TABLE {} IN SHARE ROW EXCLUSIVE MODE").format(target))
    load_log.refuse_gap(cursor, table, manifest)
    load_log.refuse_older(cursor, table, manifest)
    cursor.execute(sql.SQL("SELECT EXISTS (SELECT FROM {})").format(target))
    ((has_rows,),) = cursor.fetchall()
    changed = retyped.find(cursor, table, manifest)
    if not has_rows and not changed:  # nothing to compare with
        _copy(cursor, target, columns, manifest, stream)
        return Loaded(manifest.rows, manifest.rows, 0)
    cursor.execute(
        sql.SQL("CREATE TEMPORARY TABLE incoming ON COMMIT DROP AS SELECT {} FROM {} WITH NO DATA").format(
            columns, target
        )
    )
    retyped.receive_as_text(cursor, _INCOMING, changed)
    _copy(cursor, _INCOMING, columns, manifest, stream)
    retyped.convert(cursor, table, _INCOMING, changed)
    cursor.execute("ANALYZE incoming")
    _refuse_repeated_keys(cursor, table)
    deleted = 0
    if manifest.is_full:
        deleted = _delete_missing(cursor, target, table, manifest, limit, _INCOMING, manifest.rows)
    written, updated = _upsert(cursor, target, table.key, manifest.columns)
    return Loaded(manifest.rows, written, deleted, updated=updated)


def _compare(
    cursor: Cursor,
    lake: S3Client,
    table: Table,
    manifest: Manifest,
    loaded: Loaded,
    limit: DeletionLimit,
) -> Loaded:
    """See in what the table differs from the source, and delete what the source has deleted, if the run has listed its
    keys.
    """
    target = sql.Identifier(STAGING_SCHEMA, table.name)
    own_hash = manifest.probe is not None
    if own_hash and manifest.probe != comparison.probe(cursor):
        raise Refused(
            f"The object of {table.source} was made for a warehouse whose PostgreSQL hashes rows in another way: run"
            " this run's extract task again."
        )
    if manifest.listed_rows is not None:
        _copy_list(cursor, lake, table, manifest)
        gone, difference = comparison.differ_by_list(cursor, table, _LISTED, own_hash)
        if gone:
            gone = _delete_missing(cursor, target, table, manifest, limit, _LISTED, manifest.listed_rows)
        return replace(loaded, deleted=loaded.deleted + gone, difference=difference)
    if manifest.fingerprint:
        held = comparison.fingerprint(cursor, table, target, own_hash)
        return replace(loaded, difference=comparison.differ(manifest.fingerprint, held))
    return loaded  # a full object, or one of a release that did not compare


def _copy_list(cursor: Cursor, lake: S3Client, table: Table, manifest: Manifest) -> None:
    with read_object(lake, comparison.list_name(table), manifest.run_id) as (listing, stream):
        if (listing.columns, listing.rows) != (comparison.list_columns(table), manifest.listed_rows):
            raise Refused(
                f"The object of {table.source} and the list of its keys ({listing.source}) do not belong together:"
                " run this run's extract task again."
            )
        cursor.execute(
            sql.SQL(
                "CREATE TEMPORARY TABLE {} ON COMMIT DROP AS SELECT {}, 0::bigint AS {} FROM {} WITH NO DATA"
            ).format(
                _LISTED,
                sql.SQL(", ").join(map(sql.Identifier, table.key)),
                sql.Identifier(comparison.HASH),
                sql.Identifier(STAGING_SCHEMA, table.name),
            )
        )
        _copy(cursor, _LISTED, sql.SQL(", ").join(map(sql.Identifier, listing.columns)), listing, stream)
    # A sample of 3,000 rows is enough to join by.
    cursor.execute("SET LOCAL default_statistics_target = 10")
    cursor.execute(sql.SQL("ANALYZE {}").format(_LISTED))


def _copy(cursor: Cursor, target: sql.Identifier, columns: sql.Composed, manifest: Manifest, stream: Body) -> None:
    statement = sql.SQL("COPY {} ({}) FROM STDIN (FORMAT csv, HEADER)").format(target, columns)
    cursor.copy_expert(statement, stream, CHUNK_SIZE)
    if cursor.rowcount != manifest.rows:
        raise Refused(
            f"The object of {manifest.source} holds {cursor.rowcount} rows, but was written with {manifest.rows}:"
            " extract it again."
        )


def _refuse_repeated_keys(cursor: Cursor, table: Table) -> None:
    """Of rows with the same key, only one could stay. An empty table's primary key refuses them by itself."""
    key = sql.SQL(", ").join(map(sql.Identifier, table.key))
    query = sql.SQL("SELECT row({0})::text FROM {1} GROUP BY {0} HAVING count(*) > 1 LIMIT 1")
    cursor.execute(query.format(key, _INCOMING))
    for (values,) in cursor.fetchall():
        raise Refused(
            f"The object of {table.source} has the key ({', '.join(table.key)}) = {values} more than once: remove"
            " the copies from the source, and give it back its primary key."
        )


def _reason(error: psycopg2.Error) -> str:
    """PostgreSQL's words, with the line and the column of the object where it names them."""
    words = [error.diag.message_primary, error.diag.message_detail]
    if place := re.match(r"COPY \w+, (line \d+(, column \w+)?)", error.diag.context or ""):
        words.append(f"({place[1]} of the object)")
    return " ".join(word for word in words if word)


def _delete_missing(
    cursor: Cursor,
    target: sql.Identifier,
    table: Table,
    manifest: Manifest,
    limit: DeletionLimit,
    present: sql.Identifier,
    in_source: int,
) -> int:
    """Delete the rows whose keys the table ``present``, which has all keys of the source, does not have."""
    cursor.execute(
        sql.SQL("DELETE FROM {} AS held WHERE NOT EXISTS (SELECT FROM {} AS present WHERE ({}) = ({}))").format(
            target, present, _qualified("held", table.key), _qualified("present", table.key)
        )
    )
    deleted = cursor.rowcount
    if deleted > limit.rows or (deleted and not in_source):  # else there is no need to count
        cursor.execute(sql.SQL("SELECT count(*) FROM {}").format(target))
        ((left,),) = cursor.fetchall()
        check_deletion(table, manifest.run_id, deleted, deleted + left, limit, emptied=not in_source)
    return deleted


def _upsert(cursor: Cursor, target: sql.Identifier, key: tuple[str, ...], columns: tuple[str, ...]) -> tuple[int, int]:
    """Write the rows that are new or changed; returns how many, and how many of them had been there."""
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
        # A row that is new was locked by nobody; one that is updated was locked by this transaction, to be updated.
        sql.SQL(
            "WITH done AS (INSERT INTO {} AS held ({}) SELECT {} FROM incoming ON CONFLICT ({}) DO {}"
            " RETURNING held.xmax <> 0 AS was_there)"
            " SELECT count(*), count(*) FILTER (WHERE was_there) FROM done"
        ).format(target, names, names, sql.SQL(", ").join(map(sql.Identifier, key)), action)
    )
    ((written, updated),) = cursor.fetchall()
    return written, updated


def _renew_statistics(cursor: Cursor, table: Table, loaded: Loaded) -> None:
    """Analyze a table that changed much, so that dbt's first query has a good plan. Autovacuum comes a minute later."""
    name = f"{STAGING_SCHEMA}.{table.name}"
    # The estimate is -1 when the table was never analyzed.
    cursor.execute("SELECT greatest(reltuples, 0) FROM pg_class WHERE oid = %s::regclass", (name,))
    ((rows,),) = cursor.fetchall()
    if loaded.written + loaded.deleted > rows * _MUCH:
        cursor.execute(f"SELECT {STAGING_SCHEMA}.analyze_table(%s)", (table.name,))


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
