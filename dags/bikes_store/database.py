"""Transactions of PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import psycopg2

from bikes_store.errors import Unavailable

if TYPE_CHECKING:
    from psycopg2.extensions import connection as Connection
    from psycopg2.extensions import cursor as Cursor

#: Let a session write values in one way, whatever the defaults of its server, database and role are.
PLAIN_VALUES = """
SET LOCAL datestyle = 'ISO, YMD';
SET LOCAL intervalstyle = 'postgres';
SET LOCAL extra_float_digits = 1;
SET LOCAL bytea_output = 'hex';
SET LOCAL timezone = 'UTC';
"""


@contextmanager
def transaction(connection: Connection, name: str) -> Iterator[Cursor]:
    """A cursor in a transaction. The transaction is committed when the block ends, and rolled back when it fails.

    Use this instead of psycopg2's own ``with connection``. That one rolls back even when the server is gone, and the
    error of the rollback then hides the cause.

    :param connection: no transaction may be open on it.
    :param name: what to call the database in an error.
    :raises Unavailable: when the server ends the session or can't go on.
    """
    try:
        with connection.cursor() as cursor:
            yield cursor
        connection.commit()
    except psycopg2.OperationalError as error:
        reason = " ".join(str(error).split())
        raise Unavailable(f"The {name} went away in the middle of the work: {reason}") from error
    finally:
        if not connection.closed:
            connection.rollback()  # does nothing after a commit
