"""A full run makes staging equal to the source, whatever was there before."""

from __future__ import annotations

import pytest

from bikes_store.deletions import NO_LIMIT
from bikes_store.errors import Refused
from bikes_store.load import Loaded
from bikes_store.load_log import LOAD_LOG
from bikes_store.tables import CURRENCY, TABLES
from cli.database import query


def agree(pipeline):
    for name in TABLES:
        assert pipeline.staging_rows(name) == pipeline.source_rows(name), name


def test_catalogue_and_staging_have_the_same_columns_and_keys(pipeline):
    tables = {**TABLES, CURRENCY.name: CURRENCY}
    assert {name: table.key for name, table in tables.items()} == primary_keys(pipeline.warehouse_dsn)
    rows = query(
        pipeline.warehouse_dsn,
        "SELECT table_name, array_agg(column_name::text) FROM information_schema.columns"
        f" WHERE table_schema = 'bikes_store_staging' AND table_name <> '{LOAD_LOG}' GROUP BY table_name",
    )
    for name, columns in rows:
        assert {*columns} == {*tables[name].columns, "created_at", "changed_at"}, name


def primary_keys(warehouse_dsn: str) -> dict[str, tuple[str, ...]]:
    """The key of each staging table, as the database has it."""
    rows = query(
        warehouse_dsn,
        "SELECT relname, array_agg(attname::text ORDER BY array_position(conkey, attnum))"
        " FROM pg_constraint JOIN pg_class ON pg_class.oid = conrelid"
        " JOIN pg_attribute ON attrelid = conrelid AND attnum = ANY (conkey)"
        " WHERE contype = 'p' AND connamespace = 'bikes_store_staging'::regnamespace"
        f" AND relname <> '{LOAD_LOG}' GROUP BY relname",
    )
    return {name: tuple(columns) for name, columns in rows}


def test_each_table_is_loaded_after_the_tables_that_it_refers_to(pipeline):
    """As the foreign keys of the source say."""
    references = query(
        pipeline.source_dsn,
        "SELECT held.relname, referred.relname FROM pg_constraint JOIN pg_class AS held ON held.oid = conrelid"
        " JOIN pg_class AS referred ON referred.oid = confrelid WHERE contype = 'f'",
    )
    order = list(TABLES)
    known = [(name, referred) for name, referred in references if {name, referred} <= set(order)]
    assert len(known) > 15
    for name, referred in known:
        assert order.index(referred) < order.index(name), (name, referred)


def test_first_run_brings_everything(small_source):
    loaded = small_source.run()
    assert loaded["salesorderdetail"] == Loaded(rows=3, written=3, deleted=0)
    assert loaded["store"] == Loaded(rows=0, written=0, deleted=0)
    agree(small_source)


def test_second_run_touches_nothing(small_source):
    small_source.run()
    before = query(small_source.warehouse_dsn, "SELECT xmin, created_at FROM bikes_store_staging.salesorderdetail")
    loaded = small_source.run()
    assert all((result.written, result.deleted) == (0, 0) for result in loaded.values())
    after = query(small_source.warehouse_dsn, "SELECT xmin, created_at FROM bikes_store_staging.salesorderdetail")
    assert after == before


def test_update_touches_only_the_changed_row_and_keeps_created_at(small_source):
    small_source.run()
    created = query(small_source.warehouse_dsn, "SELECT created_at FROM bikes_store_staging.product")
    small_source.in_source("UPDATE production.product SET listprice = 4.5")
    small_source.in_source("UPDATE sales.salesorderdetail SET orderqty = 9 WHERE salesorderdetailid = 2")
    loaded = small_source.run()
    assert loaded["product"].written == 1
    assert loaded["salesorderdetail"].written == 1
    assert query(small_source.warehouse_dsn, "SELECT created_at FROM bikes_store_staging.product") == created
    agree(small_source)


@pytest.mark.parametrize("value", ["3.99000", "3.9900000"])
def test_a_change_of_scale_is_a_change(small_source, value):
    small_source.run()
    small_source.in_source(f"UPDATE production.product SET listprice = {value}")
    assert small_source.run("product")["product"].written == 1
    agree(small_source)


def test_xml_and_null_changes_are_seen(small_source):
    small_source.run()
    for demographics in ("'<a><b>1</b></a>'", "'<a><b>2</b></a>'", "NULL"):
        small_source.in_source(f"UPDATE person.person SET demographics = {demographics} WHERE businessentityid = 1")
        assert small_source.run("person")["person"].written == 1
        agree(small_source)


def test_deletion_follows(small_source):
    small_source.run()
    small_source.in_source("DELETE FROM sales.salesorderdetail WHERE salesorderdetailid = 1")
    loaded = small_source.run()
    assert loaded["salesorderdetail"] == Loaded(rows=2, written=0, deleted=1)
    agree(small_source)


def test_emptied_table_is_emptied_when_a_person_lets_it(small_source):
    small_source.run()
    small_source.in_source("DELETE FROM sales.salesorderdetail")
    small_source.extract("salesorderdetail", "archived")
    assert small_source.load("salesorderdetail", "archived", limit=NO_LIMIT) == Loaded(rows=0, written=0, deleted=3)


def test_a_key_that_moves_to_another_row(small_source):
    """A row takes over the key of a deleted row."""
    small_source.run()
    small_source.in_source("DELETE FROM sales.salesorderdetail WHERE salesorderdetailid = 1")
    small_source.in_source("UPDATE sales.salesorderdetail SET salesorderdetailid = 1 WHERE salesorderdetailid = 2")
    assert small_source.run()["salesorderdetail"] == Loaded(rows=2, written=1, deleted=1, updated=1)
    agree(small_source)


def test_rerun_of_the_same_run_takes_the_newer_extract(small_source):
    small_source.run(run_id="again")
    small_source.in_source("UPDATE production.product SET color = 'Red'")
    assert small_source.run(run_id="again")["product"].written == 1
    agree(small_source)


def test_load_reads_what_its_own_run_extracted(small_source):
    small_source.extract("product", "first")
    small_source.in_source("UPDATE production.product SET color = 'Red'")
    small_source.extract("product", "second")
    small_source.load("product", "first")
    assert query(small_source.warehouse_dsn, "SELECT color FROM bikes_store_staging.product") == [(None,)]
    small_source.load("product", "second")
    assert query(small_source.warehouse_dsn, "SELECT color FROM bikes_store_staging.product") == [("Red",)]


def test_row_that_breaks_a_rule_of_staging_changes_nothing(small_source):
    small_source.run()
    small_source.in_source('ALTER TABLE production.product DROP CONSTRAINT "CK_Product_ListPrice"')
    small_source.in_source("UPDATE production.product SET listprice = -1, color = 'Red'")
    small_source.extract("product", "r")
    with pytest.raises(Refused, match=r"bikes_store_staging.product does not take .*CK_Product_ListPrice"):
        small_source.load("product", "r")
    assert query(small_source.warehouse_dsn, "SELECT listprice::text, color FROM bikes_store_staging.product") == [
        ("3.9900", None)
    ]
