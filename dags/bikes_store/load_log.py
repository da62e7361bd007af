"""What the staging area says about its own loads: one row for each load of a table, in the table ``load_log``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bikes_store.tables import STAGING_SCHEMA

if TYPE_CHECKING:
    from psycopg2.extensions import cursor as Cursor

    from bikes_store.lake import Manifest
    from bikes_store.load import Loaded
    from bikes_store.tables import Table

LOAD_LOG = "load_log"


def record(cursor: Cursor, table: Table, manifest: Manifest, loaded: Loaded) -> None:
    """Note a load. The note appears with the load's rows, or not at all.

    :param cursor: in the load's transaction.
    :param manifest: of the object that was loaded.
    :param loaded: what the load did with it.
    """
    start, end = (None, None) if manifest.is_full else manifest.window.split("/")
    cursor.execute(
        f"INSERT INTO {STAGING_SCHEMA}.{LOAD_LOG}"
        ' (table_name, run_id, window_start, window_end, extracted_at, "rows", written, deleted)'
        " VALUES (%s, %s, %s, %s, %s, %s, %s, %s)",
        (
            table.name,
            manifest.run_id,
            start,
            end,
            manifest.extracted_at,
            loaded.rows,
            loaded.written,
            loaded.deleted,
        ),
    )
