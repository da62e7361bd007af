from __future__ import annotations

from decimal import Decimal
from math import inf

from bikes_store.comparison import Difference
from bikes_store.dbt_tests import Finding
from bikes_store.load import Loaded
from bikes_store.metrics import of_extract, of_load, of_warehouse
from bikes_store.tables import TABLES

STORE = TABLES["store"]
NO_DIFFERENCE = {"order_lines": Decimal(0), "revenue": Decimal(0), "total_due": Decimal("0.0000")}


def test_gauges_of_extract_and_load_name_their_table():
    assert of_extract(STORE, 701, 12345) == {
        "bikes_store.table.extracted_rows.sales.store": 701,
        "bikes_store.table.extracted_bytes.sales.store": 12345,
    }
    assert of_load(STORE, Loaded(701, 3, 1, Difference(2, "")), 1.5) == {
        "bikes_store.table.loaded_rows.sales.store": 701,
        "bikes_store.table.written_rows.sales.store": 3,
        "bikes_store.table.deleted_rows.sales.store": 1,
        "bikes_store.table.difference_rows.sales.store": 2,
        "bikes_store.table.loaded_at.sales.store": 1.5,
        "bikes_store.table.fresh_for_seconds.sales.store": 93600,
    }


def test_the_warehouse_is_good_only_when_no_test_failed():
    warned, failed = Finding("a", "warn", 1, "", ""), Finding("b", "fail", 1, "", "")
    assert of_warehouse([warned], NO_DIFFERENCE, 9.0) == {
        "bikes_store.warehouse.tests_failed": 0,
        "bikes_store.warehouse.tests_warned": 1,
        "bikes_store.warehouse.difference_lines": 0,
        "bikes_store.warehouse.difference_total_due": 0.0,
        "bikes_store.warehouse.good_at": 9.0,
    }
    assert "bikes_store.warehouse.good_at" not in of_warehouse([warned, failed], NO_DIFFERENCE, 9.0)


def test_differences_are_sent_as_they_are():
    gauges = of_warehouse([], {"order_lines": Decimal(2), "revenue": Decimal(7), "total_due": Decimal("0.01")}, 9.0)
    assert gauges["bikes_store.warehouse.difference_lines"] == 2
    assert gauges["bikes_store.warehouse.difference_total_due"] == 0.01


def test_a_difference_that_is_no_number_is_not_sent_as_one():
    """Nothing is above NaN, so an alert on it would stay silent."""
    gauges = of_warehouse([], {"order_lines": Decimal(0), "revenue": Decimal(0), "total_due": Decimal("NaN")}, 9.0)
    assert gauges["bikes_store.warehouse.difference_total_due"] == inf
