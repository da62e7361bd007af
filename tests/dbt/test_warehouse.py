"""The star on a small shop, and on nothing at all."""

from __future__ import annotations

import os
import subprocess
import sys
from decimal import Decimal
from pathlib import Path
from unittest.mock import Mock

import psycopg2
import pytest
from dbt.adapters.factory import get_adapter_by_type

from cli.paths import DBT_PROJECT
from tests.support.warehouse import SHOP, UNKNOWN


def test_empty_staging_builds_and_passes_every_test(warehouse):
    statuses = warehouse.build()
    assert len(statuses) > 100
    assert warehouse.value("SELECT count(*) FROM fact_order") == 0
    assert warehouse.value("SELECT count(*) FROM dim_customer") == 1  # the unknown one
    assert warehouse.rows("SELECT * FROM mart_reconciliation ORDER BY measure") == [
        ("order_lines", 0, 0, 0),
        ("revenue", 0, 0, 0),
        ("total_due", 0, 0, 0),
    ]


def test_unit_tests_pass(shop):
    statuses = shop.dbt("test", "--select", "test_type:unit")
    assert len(statuses) > 5
    assert set(statuses.values()) == {"pass"}


def test_shop_builds_and_passes_every_test(warehouse):
    warehouse.execute(SHOP)
    statuses = warehouse.build()
    assert not [name for name, status in statuses.items() if status == "warn"]
    assert warehouse.value("SELECT count(*) FROM fact_order") == 4
    assert warehouse.rows("SELECT tax_amount::text, freight::text FROM fact_order ORDER BY nk_sales_order_detail") == [
        ("0.3333", "0.0033"),
        ("0.3333", "0.0033"),
        ("0.3334", "0.0034"),
        ("80.0000", "20.0000"),
    ]


def test_a_session_serves_all_nodes_of_a_thread_until_it_is_lost(shop, monkeypatch):
    """worker_keeps.py has dbt do that. What a session has begun for one node is not there for the next."""
    connect = Mock(wraps=psycopg2.connect)
    monkeypatch.setattr(psycopg2, "connect", connect)
    assert len(shop.dbt("test", "--select", "resource_type:test,dim_date")) > 5
    assert connect.call_count <= 4  # two threads, and what reads the schema
    adapter = get_adapter_by_type("postgres")

    def session(*statements):
        with adapter.connection_named("node"):
            for statement in statements:
                adapter.execute(statement)
            return adapter.execute("SELECT pg_backend_pid()", fetch=True)[1].rows[0][0]

    mine = session("BEGIN", "CREATE TABLE public.begun (id integer)")
    assert session("CREATE TABLE public.begun (id integer)") == mine
    with adapter.connection_named("node"):
        adapter.execute("SELECT 1")
        shop.rows(f"SELECT pg_terminate_backend({mine})")
    assert session() != mine
    adapter.cleanup_connections()


def test_padding_is_gone_and_flags_are_flags(shop):
    assert shop.rows("SELECT product_class, product_line, is_sold FROM dim_product WHERE nk_product = 7") == [
        ("L", "R", True)
    ]


def test_daily_group_without_dim_date_builds_too(shop):
    statuses = shop.build("--exclude", "dim_date")
    assert "dim_date" not in statuses


def test_currency_paid_in(shop):
    assert shop.rows(
        "SELECT DISTINCT nk_sales_order, nk_currency FROM fact_order JOIN dim_currency USING (sk_currency) ORDER BY 1"
    ) == [(100, "EUR"), (101, "USD")]


def test_what_an_order_lacks_is_the_unknown_member(shop):
    assert shop.rows(
        "SELECT DISTINCT sk_ship_date, sk_sales_person, sk_store FROM fact_order WHERE nk_sales_order = 100"
    ) == [(UNKNOWN, UNKNOWN, UNKNOWN)]


def test_every_column_is_described_in_the_database(shop):
    """Descriptions are kept beside the models and travel into the database."""
    undescribed = shop.rows(
        "SELECT relname, attname FROM pg_attribute JOIN pg_class ON pg_class.oid = attrelid"
        " WHERE relnamespace = 'warehouse'::regnamespace AND relkind = 'r' AND attnum > 0 AND NOT attisdropped"
        " AND coalesce(col_description(attrelid, attnum), '') = ''"
    )
    assert undescribed == []
    tables = shop.rows(
        "SELECT relname FROM pg_class WHERE relnamespace = 'warehouse'::regnamespace AND relkind = 'r'"
        " AND coalesce(obj_description(oid, 'pg_class'), '') = ''"
    )
    assert tables == []


FAULTS = {
    "a lost line": "DELETE FROM warehouse.fact_order WHERE nk_sales_order_detail = 1",
    "a lost cent": "UPDATE warehouse.fact_order SET tax_amount = tax_amount + 0.01 WHERE nk_sales_order_detail = 1",
    "a share": "UPDATE warehouse.fact_order SET line_total = line_total + 0.000001 WHERE nk_sales_order_detail = 1",
    "a share in a mart": "UPDATE warehouse.mart_sales_daily SET revenue = revenue + 0.000001",
}


def test_reconciliation_sees_a_lost_line_and_a_lost_cent(shop):
    tables = {"fact_order": "kept_facts", "mart_sales_daily": "kept_mart"}
    for table, kept in tables.items():
        shop.execute(f"CREATE TABLE public.{kept} AS SELECT * FROM warehouse.{table}")
    for name, fault in FAULTS.items():
        shop.execute(fault)
        assert "fail" in shop.dbt("test", "--select", *tables).values(), name
        for table, kept in tables.items():
            shop.execute(f"DELETE FROM warehouse.{table}; INSERT INTO warehouse.{table} SELECT * FROM public.{kept}")
    assert set(shop.dbt("test", "--select", *tables).values()) == {"pass"}


def test_mart_reconciliation_names_the_measure_that_differs_and_by_how_much(shop):
    assert shop.rows("SELECT measure, staged, difference FROM mart_reconciliation ORDER BY measure") == [
        ("order_lines", 4, 0),
        ("revenue", 1012, 0),
        ("total_due", Decimal("1113.01"), 0),
    ]
    faults = {
        "revenue": "UPDATE warehouse.fact_order SET line_total = line_total {} 0.0001 WHERE nk_sales_order_detail = 1",
        "total_due": "UPDATE salesorderheader SET totaldue = totaldue {} 0.0001 WHERE salesorderid = 100",
    }
    for measure, fault in faults.items():
        shop.execute(fault.format("+"))
        shop.dbt("run", "--select", "mart_reconciliation")
        assert shop.rows("SELECT measure, difference FROM mart_reconciliation WHERE difference <> 0") == [
            (measure, Decimal("0.0001"))
        ]
        shop.execute(fault.format("-"))
    shop.execute("DELETE FROM warehouse.fact_order WHERE nk_sales_order_detail = 4")
    shop.dbt("run", "--select", "mart_reconciliation")
    assert shop.rows("SELECT measure, difference FROM mart_reconciliation WHERE difference <> 0 ORDER BY 1") == [
        ("order_lines", 1),
        ("revenue", 1000),
        ("total_due", 1100),
    ]
    assert shop.dbt("test", "--select", "mart_reconciliation") == {"mart_reconciliation_has_no_difference": "fail"}


def test_a_header_without_lines_does_not_count_as_a_difference(shop):
    shop.execute("DELETE FROM salesorderdetail WHERE salesorderid = 101")
    statuses = shop.run_and_test()
    assert statuses["mart_reconciliation_has_no_difference"] == "pass"
    assert shop.value("SELECT staged FROM mart_reconciliation WHERE measure = 'total_due'") == Decimal("13.01")


def test_the_database_refuses_a_line_twice(shop):
    with pytest.raises(psycopg2.errors.UniqueViolation):
        shop.execute("INSERT INTO warehouse.fact_order SELECT * FROM warehouse.fact_order")


def test_empty_is_refused_where_it_would_take_rows_away(shop):
    """With --empty, dbt reads no rows: to a snapshot it looks as if the source had deleted everything."""
    counts = (
        "SELECT (SELECT count(*) FROM fact_order), (SELECT count(*) FROM mart_sales_daily),"
        " (SELECT count(*) FROM dim_product WHERE dbt_valid_to IS NULL)"
    )
    before = shop.rows(counts)
    statuses = shop.dbt("build", "--empty", "--resource-type", "model", "--resource-type", "snapshot")
    assert set(statuses.values()) == {"error", "skipped"}
    assert shop.rows(counts) == before


def test_empty_checks_the_sql_in_a_schema_of_its_own(warehouse, monkeypatch):
    warehouse.execute(SHOP)
    monkeypatch.setenv("WAREHOUSE_SCHEMA", "check_sql")
    assert len(warehouse.build("--empty")) > 100
    assert warehouse.value("SELECT count(*) FROM check_sql.fact_order") == 0


def test_dbt_deps_needs_no_network(tmp_path):
    done = subprocess.run(
        [
            str(Path(sys.prefix) / "bin" / "dbt"),
            "deps",
            "--project-dir",
            str(DBT_PROJECT),
            "--profiles-dir",
            str(DBT_PROJECT),
        ],
        env={"PATH": os.environ["PATH"], "HTTPS_PROXY": "http://127.0.0.1:9", "DBT_LOG_PATH": str(tmp_path)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
