"""Source database to lake."""

from __future__ import annotations

import logging
from dataclasses import replace
from typing import TYPE_CHECKING

import psycopg2
from psycopg2 import sql

from bikes_store import change_time, columns, comparison
from bikes_store.database import PLAIN_VALUES, transaction
from bikes_store.errors import Refused
from bikes_store.lake import Manifest, write_object
from bikes_store.tables import CHANGE_COLUMN, Table
from bikes_store.window import FULL, Full, Window

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from psycopg2.extensions import connection as Connection
    from psycopg2.extensions import cursor as Cursor

log = logging.getLogger(__name__)


# Without this, PostgreSQL would silently leave out the rows that row-level security hides from this role, and a load
# would delete them.
_NO_HIDDEN_ROWS = "SET LOCAL row_security = off"


def extract_table(
    source: Connection,
    lake: S3Client,
    table: Table,
    window: Window | Full,
    run_id: str,
    zone: str = "",
    list_keys: bool = False,
    probe: int | None = None,
) -> Manifest:
    """Stream a table from the source into one object of the lake.

    PostgreSQL writes the CSV and the lake takes it: no value is parsed on the way, and the memory needed does not
    depend on the size of the table. The number of rows and the time by the source's clock go into the object's
    metadata. S3 takes metadata only when an upload begins, so the rows are counted first. Both statements see the same
    snapshot, so the count is exact.

    Values are copied as they are, but for times with a time zone, see :func:`bikes_store.columns.value`. The object
    says the types of its columns, so the load knows which of them it would have to convert.

    The object of a window also carries what the whole table holds, so that the load can compare, see
    :mod:`bikes_store.comparison`.

    :param source: a connection of psycopg2 with no transaction open; it is left that way.
    :param window: which rows to take.
    :param run_id: names the object, together with the table.
    :param zone: time zone of the source's change times, where they have none themselves. Empty: the source says it.
    :param list_keys: with a window, also write an object that lists all keys of the table. Then the load deletes what
        the source has deleted.
    :param probe: what :func:`bikes_store.comparison.probe` gives in the staging area. If it gives the same in the
        source, rows are hashed with PostgreSQL's own function, which is quicker than MD5.
    :return: what the object holds.
    :raises Refused: when the source lacks the table or one of its columns, hides rows, or does not know the zone.
    :raises Unavailable: when the source or the lake goes away, or somebody holds a lock on the table.
    """
    source.set_session(isolation_level="REPEATABLE READ", readonly=True)
    source.set_client_encoding("UTF8")
    try:
        with transaction(source, "source", table.source) as cursor:
            types = columns.read_types(cursor, table.schema, table.name)
            origin = _origin(cursor, table, window, types, zone)
            cursor.execute(PLAIN_VALUES)
            cursor.execute(_NO_HIDDEN_ROWS)
            _report_unknown_columns(table, types)
            _report_other_relation(cursor, table)
            # now() is the start of the transaction, a moment before its snapshot.
            cursor.execute(sql.SQL("SELECT now(), count(*) {}").format(origin))
            ((extracted_at, rows),) = cursor.fetchall()
            manifest = Manifest(
                table.source,
                run_id,
                str(window),
                table.columns,
                rows,
                extracted_at,
                tuple(columns.written_type(column, types) for column in table.columns),
            )
            if isinstance(window, Window):
                relation = _relation(table)
                own_hash = probe is not None and probe == comparison.probe(cursor)
                manifest = replace(manifest, probe=probe if own_hash else None)
                if list_keys:
                    keys = _listing(cursor, table, manifest)
                    _copy(cursor, lake, comparison.list_query(table, relation, own_hash, types), keys)
                    manifest = replace(manifest, listed_rows=keys.rows)
                else:
                    held = comparison.fingerprint(cursor, table, relation, own_hash, types)
                    manifest = replace(manifest, fingerprint=held)
            _copy(cursor, lake, sql.SQL("SELECT {} {}").format(columns.values(table.columns, types), origin), manifest)
    except (psycopg2.errors.UndefinedTable, psycopg2.errors.UndefinedColumn) as error:
        reason = error.diag.message_primary
        raise Refused(
            f"The source does not keep its contract for {table.source}: {reason}; change the source back, or"
            " dags/bikes_store/tables.py and warehouse/staging.sql."
        ) from error
    except psycopg2.errors.InsufficientPrivilege as error:
        raise Refused(
            f"The source does not let the role {source.info.user} read every row of {table.source}"
            f" ({error.diag.message_primary}): grant it SELECT, and BYPASSRLS where row-level security is on."
        ) from error
    log.info("%s: %d rows (%s) written to the lake", table.source, rows, manifest.window)
    return manifest


def _copy(cursor: Cursor, lake: S3Client, query: sql.Composed, manifest: Manifest) -> None:
    with write_object(lake, manifest) as stream:
        cursor.copy_expert(sql.SQL("COPY ({}) TO STDOUT (FORMAT csv, HEADER)").format(query), stream)
        if cursor.rowcount != manifest.rows:
            raise Refused(f"{manifest.source} gave {cursor.rowcount} rows after counting {manifest.rows}.")


def _listing(cursor: Cursor, table: Table, manifest: Manifest) -> Manifest:
    """What the object with the list of a table's keys holds, beside the object of a manifest."""
    cursor.execute(sql.SQL("SELECT count(*) FROM {}").format(_relation(table)))
    ((rows,),) = cursor.fetchall()
    return Manifest(
        comparison.list_name(table),
        manifest.run_id,
        str(FULL),
        comparison.list_columns(table),
        rows,
        manifest.extracted_at,
    )


def _relation(table: Table) -> sql.Identifier:
    return sql.Identifier(table.schema, table.name)


def _origin(cursor: Cursor, table: Table, window: Window | Full, types: dict[str, str], zone: str) -> sql.Composed:
    """The FROM clause, and the WHERE clause of a window."""
    origin = sql.SQL("FROM {}").format(_relation(table))
    if isinstance(window, Full):
        return origin
    start, end = change_time.bounds(cursor, table, window, columns.kind(types.get(CHANGE_COLUMN)), zone)
    return sql.SQL("{} WHERE {column} >= {start} AND {column} < {end}").format(
        origin, column=sql.Identifier(CHANGE_COLUMN), start=sql.Literal(start), end=sql.Literal(end)
    )


def _report_unknown_columns(table: Table, types: dict[str, str]) -> None:
    if unknown := [name for name in types if name not in table.columns]:
        log.warning("%s has columns that are not in the catalogue and stay behind: %s", table.source, unknown)


def _report_other_relation(cursor: Cursor, table: Table) -> None:
    """A view or a foreign table may leave rows out, which nothing here would notice."""
    cursor.execute(
        "SELECT CASE relkind WHEN 'v' THEN 'view' WHEN 'm' THEN 'materialized view' ELSE 'foreign table' END"
        " FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace"
        " WHERE nspname = %s AND relname = %s AND relkind IN ('v', 'm', 'f')",
        (table.schema, table.name),
    )
    for (kind,) in cursor.fetchall():
        log.warning("%s is a %s in the source: rows that it leaves out count as deleted", table.source, kind)
