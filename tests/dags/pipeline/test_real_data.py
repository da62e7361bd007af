"""The real AdventureWorks: every row arrives, to the byte."""

from __future__ import annotations

import pytest

from bikes_store.tables import TABLES
from cli.database import query
from cli.processes.postgres import psql
from source.fill import restore
from tests.support.pipeline import Pipeline
from tests.support.real_data import needs_real_data, write_dump

pytestmark = needs_real_data

ROWS = {
    "person": 19972,
    "employee": 290,
    "product": 504,
    "shipmethod": 5,
    "currencyrate": 13532,
    "salesreason": 10,
    "salesterritory": 10,
    "specialoffer": 16,
    "salesperson": 17,
    "store": 701,
    "customer": 19820,
    "specialofferproduct": 538,
    "salespersonquotahistory": 163,
    "salesterritoryhistory": 17,
    "shoppingcartitem": 3,
    "salesorderheader": 31465,
    "salesorderdetail": 121317,
    "salesorderheadersalesreason": 27647,
}


@pytest.fixture(scope="module")
def real(postgres, templates, s3, tmp_path_factory):
    source = postgres.create_database("real_source")
    restore(psql(source), write_dump(tmp_path_factory.mktemp("dump") / "real.sql"))
    warehouse = postgres.create_database("real_warehouse", templates[1])
    pipeline = Pipeline(source, warehouse, s3)
    pipeline.run(run_id="real")
    return pipeline


@pytest.mark.parametrize("name", TABLES)
def test_every_row_arrives(real, name):
    rows = real.staging_rows(name)
    assert len(rows) == ROWS.get(name, 0)  # a table added later has no real rows
    assert rows == real.source_rows(name)


def test_money_is_the_same_to_the_last_digit(real):
    text = "SELECT sum(orderqty * unitprice * (1 - unitpricediscount))::text FROM {}.salesorderdetail"
    (of_source,) = query(real.source_dsn, text.format("sales"))
    (of_staging,) = query(real.warehouse_dsn, text.format("bikes_store_staging"))
    assert of_source == of_staging
    assert of_source[0].rstrip("0") == "109846381.399888"


def test_second_full_run_writes_nothing(real):
    assert all(loaded.written == loaded.deleted == 0 for loaded in real.run(run_id="again").values())
