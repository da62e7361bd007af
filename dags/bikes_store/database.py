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
    """A cursor in a transaction, which is committed when the block ends and rolled back when it fails.

    psycopg2's own ``with connection`` hides what went wrong when the server is gone, since it rolls back in any case.

    :param name: what to call the database in messages.
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
            connection.rollback()  # of nothing, where it was committed
