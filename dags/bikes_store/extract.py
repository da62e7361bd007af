"""Source database to lake."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import psycopg2
from psycopg2 import sql

from bikes_store.database import transaction
from bikes_store.errors import Refused
from bikes_store.lake import Manifest, write_object
from bikes_store.tables import Table
from bikes_store.window import Full, Window

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from psycopg2.extensions import connection as Connection

log = logging.getLogger(__name__)


def extract_table(source: Connection, lake: S3Client, table: Table, window: Window | Full, run_id: str) -> Manifest:
    """Stream a table from the source into one object of the lake.

    PostgreSQL writes the CSV and the lake takes it: no value is parsed on the way, and the memory needed does not
    depend on the size of the table. The number of rows goes into the object's metadata. S3 takes metadata only when an
    upload begins, so the rows are counted first. Both statements see the same snapshot, so the count is exact.

    :param source: a connection of psycopg2 with no transaction open; it is left that way.
    :param window: which rows to take.
    :param run_id: names the object, together with the table.
    :return: what the object holds.
    :raises Refused: when the source lacks the table or one of its columns.
    :raises Unavailable: when the source or the lake goes away, or somebody holds a lock on the table.
    """
    clause, parameters = window.condition()
    columns = sql.SQL(", ").join(map(sql.Identifier, table.columns))
    origin = sql.SQL("FROM {}.{} {}").format(sql.Identifier(table.schema), sql.Identifier(table.name), sql.SQL(clause))
    source.set_session(isolation_level="REPEATABLE READ", readonly=True)
    source.set_client_encoding("UTF8")
    try:
        with transaction(source, "source", table.source) as cursor:
            cursor.execute("SET LOCAL datestyle = 'ISO, YMD'")
            _report_unknown_columns(cursor, table)
            cursor.execute(sql.SQL("SELECT count(*) {}").format(origin), parameters)
            ((rows,),) = cursor.fetchall()
            query = cursor.mogrify(sql.SQL("SELECT {} {}").format(columns, origin), parameters).decode()
            manifest = Manifest(table.source, run_id, str(window), table.columns, rows)
            with write_object(lake, manifest) as stream:
                cursor.copy_expert(f"COPY ({query}) TO STDOUT (FORMAT csv, HEADER)", stream)
                if cursor.rowcount != rows:
                    raise Refused(f"{table.source} gave {cursor.rowcount} rows after counting {rows}.")
    except (psycopg2.errors.UndefinedTable, psycopg2.errors.UndefinedColumn) as error:
        reason = error.diag.message_primary
        raise Refused(f"The source does not keep its contract for {table.source}: {reason}.") from error
    log.info("%s: %d rows (%s) written to the lake", table.source, rows, manifest.window)
    return manifest


def _report_unknown_columns(cursor: psycopg2.extensions.cursor, table: Table) -> None:
    cursor.execute(
        "SELECT column_name FROM information_schema.columns"
        " WHERE table_schema = %s AND table_name = %s AND column_name <> ALL(%s)",
        (table.schema, table.name, list(table.columns)),
    )
    if unknown := [name for (name,) in cursor.fetchall()]:
        log.warning("%s has columns that are not in the catalogue and stay behind: %s", table.source, unknown)
