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
    except psycopg2.DatabaseError as error:
        # When the connection breaks while rows stream, psycopg2 gives an error of the base class, with no cause.
        if not isinstance(error, psycopg2.OperationalError) and type(error) is not psycopg2.DatabaseError:
            raise
        reason = " ".join(str(error).split())
        if "no message from the libpq" in reason:
            reason = "the connection broke"
        raise Unavailable(f"The {name} went away in the middle of the work: {reason}") from error
    finally:
        if not connection.closed:
            connection.rollback()  # does nothing after a commit
