"""Short connections to a PostgreSQL database, for reports and for preparation."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any

import psycopg2
from psycopg2 import sql

from source.psql import Psql


@contextmanager
def connect(dsn: str) -> Iterator[Any]:
    """A connection that commits when the block ends without an error. It is closed in both cases."""
    with closing(psycopg2.connect(dsn, connect_timeout=5)) as connection, connection:
        yield connection


def query(dsn: str, text: str | sql.Composable) -> list[tuple[Any, ...]]:
    """The rows of a query."""
    with connect(dsn) as connection, connection.cursor() as cursor:
        cursor.execute(text)
        return cursor.fetchall()


def psql_of(dsn: str, program: str = "psql") -> Psql:
    """psql on the database of a connection URL.

    :param program: the name or path of psql.
    """
    names = {"host": "PGHOST", "port": "PGPORT", "user": "PGUSER", "password": "PGPASSWORD", "dbname": "PGDATABASE"}
    connection = {names[key]: value for key, value in psycopg2.extensions.parse_dsn(dsn).items()}
    return Psql(connection, program)
