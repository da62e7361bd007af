"""Source database to lake."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import psycopg2
from psycopg2 import sql

from bikes_store import change_time
from bikes_store.database import transaction
from bikes_store.errors import Refused
from bikes_store.lake import Manifest, write_object
from bikes_store.tables import CHANGE_COLUMN, Table
from bikes_store.window import Full, Window

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from psycopg2.extensions import connection as Connection
    from psycopg2.extensions import cursor as Cursor

log = logging.getLogger(__name__)


# How the session writes values: the same in every source, whatever its defaults. The last line: without it, PostgreSQL
# would silently leave out the rows that row-level security hides from this role, and a load would delete them.
_SESSION = """
SET LOCAL datestyle = 'ISO, YMD';
SET LOCAL intervalstyle = 'postgres';
SET LOCAL extra_float_digits = 1;
SET LOCAL bytea_output = 'hex';
SET LOCAL timezone = 'UTC';
SET LOCAL row_security = off;
"""


def extract_table(
    source: Connection, lake: S3Client, table: Table, window: Window | Full, run_id: str, zone: str = ""
) -> Manifest:
    """Stream a table from the source into one object of the lake.

    PostgreSQL writes the CSV and the lake takes it: no value is parsed on the way, and the memory needed does not
    depend on the size of the table. The number of rows and the time by the source's clock go into the object's
    metadata. S3 takes metadata only when an upload begins, so the rows are counted first. Both statements see the same
    snapshot, so the count is exact.

    Times without a time zone are copied as they are. Times with one are written in UTC.

    :param source: a connection of psycopg2 with no transaction open; it is left that way.
    :param window: which rows to take.
    :param run_id: names the object, together with the table.
    :param zone: time zone of the source's change times, where they have none themselves. Empty: the source says it.
    :return: what the object holds.
    :raises Refused: when the source lacks the table or one of its columns, hides rows, or does not know the zone.
    :raises Unavailable: when the source or the lake goes away.
    """
    source.set_session(isolation_level="REPEATABLE READ", readonly=True)
    source.set_client_encoding("UTF8")
    try:
        with transaction(source, "source") as cursor:
            types = _column_types(cursor, table)
            origin = _origin(cursor, table, window, types, zone)
            cursor.execute(_SESSION)
            _report_unknown_columns(table, types)
            # now() is the start of the transaction, a moment before its snapshot.
            cursor.execute(sql.SQL("SELECT now(), count(*) {}").format(origin))
            ((extracted_at, rows),) = cursor.fetchall()
            columns = sql.SQL(", ").join(map(sql.Identifier, table.columns))
            query = sql.SQL("COPY (SELECT {} {}) TO STDOUT (FORMAT csv, HEADER)").format(columns, origin)
            manifest = Manifest(table.source, run_id, str(window), table.columns, rows, extracted_at)
            with write_object(lake, manifest) as stream:
                cursor.copy_expert(query, stream)
                if cursor.rowcount != rows:
                    raise Refused(f"{table.source} gave {cursor.rowcount} rows after counting {rows}.")
    except (psycopg2.errors.UndefinedTable, psycopg2.errors.UndefinedColumn) as error:
        reason = error.diag.message_primary
        raise Refused(f"The source does not keep its contract for {table.source}: {reason}.") from error
    except psycopg2.errors.InsufficientPrivilege as error:
        raise Refused(
            f"The source does not let the role {source.info.user} read every row of {table.source}"
            f" ({error.diag.message_primary}): grant it SELECT, and BYPASSRLS where row-level security is on."
        ) from error
    log.info("%s: %d rows (%s) written to the lake", table.source, rows, manifest.window)
    return manifest


def _origin(cursor: Cursor, table: Table, window: Window | Full, types: dict[str, str], zone: str) -> sql.Composed:
    """The FROM clause, and the WHERE clause of a window."""
    relation = sql.SQL("FROM {}").format(sql.Identifier(table.schema, table.name))
    if isinstance(window, Full):
        return relation
    start, end = change_time.bounds(cursor, table, window, types.get(CHANGE_COLUMN), zone)
    return sql.SQL("{} WHERE {column} >= {start} AND {column} < {end}").format(
        relation, column=sql.Identifier(CHANGE_COLUMN), start=sql.Literal(start), end=sql.Literal(end)
    )


def _column_types(cursor: Cursor, table: Table) -> dict[str, str]:
    """The type of each column that this role may see; that of a domain is the type below it."""
    cursor.execute(
        "SELECT column_name::text, data_type::text FROM information_schema.columns"
        " WHERE table_schema = %s AND table_name = %s ORDER BY ordinal_position",
        (table.schema, table.name),
    )
    return dict(cursor.fetchall())


def _report_unknown_columns(table: Table, types: dict[str, str]) -> None:
    if unknown := [name for name in types if name not in table.columns]:
        log.warning("%s has columns that are not in the catalogue and stay behind: %s", table.source, unknown)
