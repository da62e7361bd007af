"""What the staging area says about its own loads: one row for each load of a table, in the table ``load_log``."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING

from psycopg2 import sql

from bikes_store.database import transaction
from bikes_store.errors import Refused
from bikes_store.staging import refuse_outdated
from bikes_store.tables import STAGING_SCHEMA
from bikes_store.window import Full, read_window

if TYPE_CHECKING:
    from psycopg2.extensions import connection as Connection
    from psycopg2.extensions import cursor as Cursor

    from bikes_store.lake import Manifest
    from bikes_store.load import Loaded
    from bikes_store.tables import Table

LOAD_LOG = "load_log"


def refuse_older(cursor: Cursor, table: Table, manifest: Manifest) -> None:
    """Refuse an object that is older than what the table holds: it would put old rows back over newer ones.

    What counts is when the source was read. The newest object that the log knows may be loaded again, so a load can be
    repeated. An older one is refused and not skipped: a skipped day would look loaded, and in incremental mode its rows
    would be missing. This does not stand in the way of an old day. A run that is cleared as a whole, or that a backfill
    makes, reads the source again, so its objects are new. A clock of the source that went back makes its objects look
    old: they are refused until it has caught up.

    Loads of an earlier release are in no log. Then what counts is when the table's rows were written: no later than the
    source was read, if the object is the newest.

    :param cursor: in the load's transaction, which holds the lock on the table.
    :raises Refused: when the table holds what was read from the source later.
    """
    cursor.execute(
        f"SELECT run_id, extracted_at FROM {STAGING_SCHEMA}.{LOAD_LOG} WHERE table_name = %s"
        " ORDER BY extracted_at DESC, load_id DESC LIMIT 1",
        (table.name,),
    )
    run_id, moment = cursor.fetchone() or (None, _last_written(cursor, table))
    if moment and manifest.extracted_at < moment:
        what = f"what run {run_id} read" if run_id else "rows that were written"
        raise Refused(
            f"The object of {table.source} was read from the source at {_utc(manifest.extracted_at)}, but"
            f" {STAGING_SCHEMA}.{table.name} already holds {what} at {_utc(moment)}: run this run's extract task again,"
            " to load the source as it is now."
        )


def record(cursor: Cursor, table: Table, manifest: Manifest, loaded: Loaded) -> None:
    """Note a load. The note appears with the load's rows, or not at all.

    :param cursor: in the load's transaction.
    :param manifest: of the object that was loaded.
    :param loaded: what the load did with it.
    """
    window = read_window(manifest.window)
    start, end = (None, None) if isinstance(window, Full) else (window.start, window.end)
    cursor.execute(
        f"INSERT INTO {STAGING_SCHEMA}.{LOAD_LOG}"
        ' (table_name, run_id, window_start, window_end, extracted_at, "rows", written, updated, deleted, differing,'
        " difference) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
        (
            table.name,
            manifest.run_id,
            start,
            end,
            manifest.extracted_at,
            loaded.rows,
            loaded.written,
            loaded.updated,
            loaded.deleted,
            loaded.difference.rows,
            loaded.difference.text,
        ),
    )


def held_until(staging: Connection, table: Table) -> datetime | None:
    """Up to when the staging area holds the changes of a table.

    Loads follow each other without a gap (see :func:`refuse_gap`), so it is the end of the latest one.

    :param staging: a connection of psycopg2 with no transaction open; it is left that way.
    :return: in UTC, without a time zone; None when no load is noted, or the table is empty.
    :raises Refused: when the staging area lacks the log or the table.
    :raises Unavailable: when the warehouse goes away.
    """
    with refuse_outdated(), transaction(staging, "warehouse") as cursor:
        cursor.execute(sql.SQL("SELECT EXISTS (SELECT FROM {})").format(sql.Identifier(STAGING_SCHEMA, table.name)))
        ((has_rows,),) = cursor.fetchall()
        return _held_until(cursor, table) if has_rows else None


def read_differences(staging: Connection, run_id: str) -> dict[str, str]:
    """In what the staging area differed from the source after the loads of a run, by table. Tables that agree are not
    in it.

    :param staging: a connection of psycopg2 with no transaction open; it is left that way.
    :raises Unavailable: when the warehouse goes away.
    """
    with transaction(staging, "warehouse") as cursor:
        cursor.execute(
            "SELECT table_name, difference FROM ("
            " SELECT DISTINCT ON (table_name) table_name, difference, differing"
            f" FROM {STAGING_SCHEMA}.{LOAD_LOG} WHERE run_id = %s ORDER BY table_name, load_id DESC"
            ") AS latest WHERE differing > 0",
            (run_id,),
        )
        return dict(cursor.fetchall())


def last_loads(staging: Connection) -> dict[str, tuple[datetime, timedelta]]:
    """When each table was last loaded, in UTC, and how long ago that is, by the warehouse's clock. A table that was
    never loaded is not in it.

    :param staging: a connection of psycopg2 with no transaction open; it is left that way.
    :raises Refused: when the staging area lacks the log.
    :raises Unavailable: when the warehouse goes away.
    """
    with refuse_outdated(), transaction(staging, "warehouse") as cursor:
        cursor.execute(
            "SELECT table_name, max(loaded_at) AT TIME ZONE 'UTC', clock_timestamp() - max(loaded_at)"
            f" FROM {STAGING_SCHEMA}.{LOAD_LOG} GROUP BY table_name"
        )
        return {name: (moment, age) for name, moment, age in cursor.fetchall()}


def refuse_gap(cursor: Cursor, table: Table, manifest: Manifest) -> None:
    """Refuse an object that begins after what the table holds: the changes between the two would be lost.

    :param cursor: in the load's transaction, which holds the lock on the table.
    :raises Refused: when the object begins too late, or is a part of a table of which nothing was loaded.
    """
    window = read_window(manifest.window)
    if isinstance(window, Full):
        return
    held = _held_until(cursor, table)
    if held is None or window.start > held:
        holds = "no load of this table" if held is None else f"its changes up to {held.isoformat()} only"
        raise Refused(
            f"The object of {table.source} covers {manifest.window}, but the staging area holds {holds}:"
            " run this run's extract task again, which takes what is missing."
        )


def _held_until(cursor: Cursor, table: Table) -> datetime | None:
    # An object can't hold what changed after it was extracted, even when its window ends later. A full one has no
    # window, and least() leaves its nulls out.
    cursor.execute(
        "SELECT max(least(window_end, extracted_at AT TIME ZONE 'UTC'))"
        f" FROM {STAGING_SCHEMA}.{LOAD_LOG} WHERE table_name = %s",
        (table.name,),
    )
    ((held,),) = cursor.fetchall()
    return held


def _last_written(cursor: Cursor, table: Table) -> datetime | None:
    cursor.execute(sql.SQL("SELECT max(changed_at) FROM {}").format(sql.Identifier(STAGING_SCHEMA, table.name)))
    ((moment,),) = cursor.fetchall()
    return moment


def _utc(moment: datetime) -> str:
    return f"{moment.astimezone(timezone.utc):%Y-%m-%d %H:%M:%S.%f} UTC"
