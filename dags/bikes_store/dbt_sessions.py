"""The sessions that dbt has open in this process."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from psycopg2.extensions import connection as Connection


def open_sessions() -> list[Connection]:
    """All of them, one for each thread of dbt."""
    from dbt.adapters.contracts.connection import ConnectionState
    from dbt.adapters.factory import FACTORY

    return [
        connection.handle
        for adapter in FACTORY.adapters.values()
        for connection in list(adapter.connections.thread_connections.values())
        if connection.state == ConnectionState.OPEN
    ]
