"""Does the warehouse hold what was staged? dbt builds the table mart_reconciliation, which says so."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

import psycopg2

from bikes_store.database import transaction
from bikes_store.errors import Refused
from bikes_store.tables import WAREHOUSE_SCHEMA

if TYPE_CHECKING:
    from psycopg2.extensions import connection as Connection

TABLE = "mart_reconciliation"


@dataclass(frozen=True)
class Measure:
    """One figure, as the staging area has it and as the warehouse has it. ``difference`` is never negative."""

    staged: Decimal
    built: Decimal
    difference: Decimal


def read_reconciliation(warehouse: Connection) -> dict[str, Measure]:
    """Each measure by its name: ``order_lines`` (rows), ``revenue`` and ``total_due`` (money).

    :param warehouse: a connection of psycopg2 with no transaction open; it is left that way.
    :raises Refused: when the table does not exist.
    :raises Unavailable: when the warehouse goes away.
    """
    try:
        with transaction(warehouse, "warehouse") as cursor:
            cursor.execute(f"SELECT measure, staged, built, difference FROM {WAREHOUSE_SCHEMA}.{TABLE}")
            return {name: Measure(*figures) for name, *figures in cursor.fetchall()}
    except psycopg2.errors.UndefinedTable:
        raise Refused(
            f"The warehouse has no table {WAREHOUSE_SCHEMA}.{TABLE}:"
            f" run the task {TABLE}_run of bikes_store_warehouse again."
        ) from None
