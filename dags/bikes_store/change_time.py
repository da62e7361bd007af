"""How a window, which is in UTC, meets the change times that the source keeps.

A column of type ``timestamp with time zone`` says which moment it means. One without does not: then the source's own
time zone says it, because ``now()`` in the source wrote it.
"""

from __future__ import annotations

import re
from datetime import date, datetime, timezone
from typing import TYPE_CHECKING

import psycopg2

from bikes_store.columns import AWARE, DATE, NAIVE
from bikes_store.errors import Refused
from bikes_store.tables import CHANGE_COLUMN, Table
from bikes_store.window import Window

if TYPE_CHECKING:
    from psycopg2.extensions import cursor as Cursor

# For PostgreSQL, "UTC+9" is nine hours west of Greenwich. Nobody who writes it means that.
_OFFSET = re.compile(r"[A-Za-z<>]*[+-]?\d[\d:]*")

# An hour that the clock repeats stands for two moments, and local time goes back in it. So the first local time of a
# window may come up to an hour after its start, and the last one an hour before its end. Three hours are more than any
# clock was set back since 1970 (but for a few islands that changed sides of the date line).
_LOCAL = """
SELECT
    least(starts AT TIME ZONE zone, (starts + margin) AT TIME ZONE zone - margin),
    greatest(ends AT TIME ZONE zone, (ends - margin) AT TIME ZONE zone + margin)
FROM (VALUES (%s::timestamptz, %s::timestamptz, %s::text, interval '3 hours')) AS moments (starts, ends, zone, margin)
"""

# What a session of this role has in this database. The nearest setting counts.
_OF_ROLE_OR_DATABASE = """
SELECT substr(entry, length('timezone=') + 1)
FROM pg_db_role_setting CROSS JOIN unnest(setconfig) AS entry
WHERE setrole IN (0, (SELECT oid FROM pg_roles WHERE rolname = session_user))
    AND setdatabase IN (0, (SELECT oid FROM pg_database WHERE datname = current_database()))
    AND lower(entry) LIKE 'timezone=%'
ORDER BY setrole <> 0 DESC, setdatabase <> 0 DESC LIMIT 1
"""


def bounds(
    cursor: Cursor, table: Table, window: Window, data_type: str | None, zone: str
) -> tuple[date, date] | tuple[datetime, datetime]:
    """The start (included) and the end (excluded) of a window, as the source's change column is compared with them.

    Where the clock is set back, the bounds are wider than the window by the hour that comes twice.

    :param cursor: of the source. Its session has the time zone of the source, see :func:`source_zone`.
    :param data_type: of the change column, without a precision; None when it is not known.
    :param zone: time zone of the source's naive times, as a variable gives it. Empty: the source says it.
    :raises Refused: when the column is not a time, or the source does not know the zone.
    """
    start, end = (moment.replace(tzinfo=timezone.utc) for moment in (window.start, window.end))
    if data_type == AWARE:
        return start, end
    if data_type not in (NAIVE, DATE, None):
        raise Refused(
            f"The source does not keep its contract for {table.source}: {CHANGE_COLUMN} is of type {data_type},"
            " so nobody can tell which rows changed in a time; take the table in full mode."
        )
    name = zone or source_zone(cursor)
    if _OFFSET.fullmatch(name) and zone:
        raise Refused(f"The source's time zone {zone!r} is an offset; write it as a name, like Asia/Tokyo.")
    try:
        cursor.execute(_LOCAL, (start, end, name))
    except psycopg2.errors.InvalidParameterValue as error:
        raise Refused(
            f"The source does not know the time zone {name!r}: write a name that its view pg_timezone_names has,"
            " like Asia/Tokyo."
        ) from error
    ((first, last),) = cursor.fetchall()
    return (first.date(), last) if data_type == DATE else (first, last)


def source_zone(cursor: Cursor) -> str:
    """The time zone of a session of the source: that of the role, the database or the server, the nearest one.

    This process may send a zone of its own with the connection (libpq does when PGTZ is set). That one does not count.

    :param cursor: of the source, in a session that has not set ``timezone`` itself.
    :raises Refused: when only this process says a zone, and so nobody knows that of the server.
    """
    cursor.execute("SELECT setting, source FROM pg_settings WHERE name = 'TimeZone'")
    ((zone, origin),) = cursor.fetchall()
    if origin != "client":
        return str(zone)
    cursor.execute(_OF_ROLE_OR_DATABASE)
    if row := cursor.fetchone():
        return str(row[0])
    raise Refused(
        f"The session of the source has the time zone {zone!r} from this side (PGTZ, or the options of the connection),"
        " which hides the source's own: take it away, or set the variable BIKES_STORE_SOURCE_TIMEZONE."
    )
