"""The pipeline's own gauges: StatsD names and values, as prometheus/statsd_mapping.yml reads them.

Values are never negative: StatsD reads a gauge with a sign as a change of its last value.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from math import inf

from bikes_store.dbt_tests import Finding
from bikes_store.load import Loaded
from bikes_store.tables import Table

Gauges = dict[str, float]


def of_extract(table: Table, rows: int, size: int) -> Gauges:
    """What an extract wrote.

    :param size: of the object in the lake, in bytes.
    """
    return _of_table(table, extracted_rows=rows, extracted_bytes=size)


def of_load(table: Table, loaded: Loaded, now: float) -> Gauges:
    """What a load did.

    ``fresh_for_seconds`` is how old the load may become. It travels with the load, so that the alert and the dashboard
    need not name the tables once more.

    :param now: time of the load, in seconds since 1970; tells how fresh the table is.
    """
    return _of_table(
        table,
        loaded_rows=loaded.rows,
        written_rows=loaded.written,
        deleted_rows=loaded.deleted,
        difference_rows=loaded.difference.rows,
        loaded_at=now,
        fresh_for_seconds=table.fresh_for.total_seconds(),
    )


def of_warehouse(findings: Sequence[Finding], differences: Mapping[str, Decimal], now: float) -> Gauges:
    """What dbt's tests found. ``good_at`` is only set when no test failed, so it grows old while tests fail.

    :param differences: by how much the warehouse differs from the staging area: ``order_lines`` in rows,
        ``total_due`` in money. NaN, which sums hold when one row of them is no number, is sent as infinity: it is no
        agreement, and whatever compares NaN with 0 finds nothing.
    :param now: time of the tests, in seconds since 1970.
    """
    statuses = [finding.status for finding in findings]
    failed = sum(status != "warn" for status in statuses)
    gauges: Gauges = {
        "bikes_store.warehouse.tests_failed": failed,
        "bikes_store.warehouse.tests_warned": statuses.count("warn"),
        "bikes_store.warehouse.difference_lines": _distance(differences["order_lines"]),
        "bikes_store.warehouse.difference_total_due": _distance(differences["total_due"]),
    }
    if not failed:
        gauges["bikes_store.warehouse.good_at"] = now
    return gauges


def _distance(difference: Decimal) -> float:
    return inf if difference.is_nan() else float(difference)


def _of_table(table: Table, **values: float) -> Gauges:
    return {f"bikes_store.table.{name}.{table.source}": value for name, value in values.items()}
