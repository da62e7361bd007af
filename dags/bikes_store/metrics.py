"""The pipeline's own gauges: StatsD names and values, as prometheus/statsd_mapping.yml reads them.

Values are never negative: StatsD takes a gauge with a sign as a change of the last one.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import TYPE_CHECKING

from bikes_store.dbt_tests import Finding
from bikes_store.load import Loaded
from bikes_store.tables import STAGING_SCHEMA, Table

if TYPE_CHECKING:
    from psycopg2.extensions import connection as Connection

Gauges = dict[str, float]

#: How far the warehouse is from what was staged: order lines, and the headers' total due.
_DIFFERENCE = f"""
SELECT
    abs((SELECT count(*) FROM {STAGING_SCHEMA}.salesorderdetail) - (SELECT count(*) FROM warehouse.fact_order)),
    abs(
        (SELECT coalesce(sum(totaldue), 0) FROM {STAGING_SCHEMA}.salesorderheader AS h
            WHERE EXISTS (SELECT FROM {STAGING_SCHEMA}.salesorderdetail AS d WHERE d.salesorderid = h.salesorderid))
        - (SELECT coalesce(sum(total_due), 0) FROM warehouse.fact_order)
    )
"""


def of_extract(table: Table, rows: int, size: int) -> Gauges:
    """:param size: of the object in the lake, in bytes."""
    return _of_table(table, extracted_rows=rows, extracted_bytes=size)


def of_load(table: Table, loaded: Loaded, now: float) -> Gauges:
    """:param now: seconds since 1970, for how fresh the table is."""
    return _of_table(
        table, loaded_rows=loaded.rows, written_rows=loaded.written, deleted_rows=loaded.deleted, loaded_at=now
    )


def of_warehouse(findings: Sequence[Finding], difference: tuple[int, Decimal], now: float) -> Gauges:
    """What dbt's tests came to. ``good_at`` is only told when none failed, so that it ages when they do."""
    statuses = [finding.status for finding in findings]
    failed = sum(status != "warn" for status in statuses)
    gauges: Gauges = {
        "bikes_store.warehouse.tests_failed": failed,
        "bikes_store.warehouse.tests_warned": statuses.count("warn"),
        "bikes_store.warehouse.difference_lines": difference[0],
        "bikes_store.warehouse.difference_total_due": float(difference[1]),
    }
    if not failed:
        gauges["bikes_store.warehouse.good_at"] = now
    return gauges


def find_difference(warehouse: Connection) -> tuple[int, Decimal]:
    """Order lines and total due by which fact_order differs from the staging area."""
    with warehouse, warehouse.cursor() as cursor:
        cursor.execute(_DIFFERENCE)
        lines, total_due = cursor.fetchone() or (0, Decimal(0))
    return lines, total_due


def _of_table(table: Table, **values: float) -> Gauges:
    return {f"bikes_store.table.{name}.{table.source}": value for name, value in values.items()}
