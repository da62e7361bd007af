"""The generated source against AdventureWorks: the same tables, and numbers of the same size."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.source import generator
from tests.source.generator import rows
from tests.support import real_data

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.services import Postgres

pytestmark = real_data.needs_real_data

COLUMNS = f"""
    SELECT table_schema || '.' || table_name, ordinal_position, column_name, udt_name, character_maximum_length,
        numeric_precision, numeric_scale, is_nullable
    FROM information_schema.columns
    WHERE table_schema IN ({generator.SCHEMAS})
"""
# Columns of each primary and foreign key; for a foreign key, its target and what a deletion does.
KEYS = f"""
    SELECT conrelid::regclass::text, contype::text, confrelid::regclass::text, confdeltype::text,
        (SELECT array_agg(attname::text ORDER BY n)
            FROM unnest(conkey) WITH ORDINALITY AS k (attnum, n) JOIN pg_attribute USING (attnum)
            WHERE attrelid = conrelid)
    FROM pg_constraint
    WHERE contype IN ('p', 'f') AND connamespace::regnamespace::text IN ({generator.SCHEMAS})
"""
HEADER, DETAIL = "sales.salesorderheader", "sales.salesorderdetail"
BY_CHANNEL = f"FROM {DETAIL} JOIN {HEADER} USING (salesorderid) GROUP BY onlineorderflag ORDER BY 1"
# Each query gives numbers; they may differ by the given part.
STATISTICS = {
    "sales by channel": (f"SELECT sum(subtotal) FROM {HEADER} GROUP BY onlineorderflag ORDER BY onlineorderflag", 0.05),
    "sales by year": (
        f"SELECT sum(subtotal) FROM {HEADER} GROUP BY date_trunc('year', orderdate)"
        " ORDER BY date_trunc('year', orderdate)",
        0.1,
    ),
    "orders by month": (
        f"SELECT count(*) FROM {HEADER} WHERE onlineorderflag AND orderdate >= '2011-06-01'"
        " GROUP BY date_trunc('month', orderdate) ORDER BY date_trunc('month', orderdate)",
        0.1,
    ),
    "lines and products by channel": (f"SELECT count(*), count(DISTINCT productid) {BY_CHANNEL}", 0.25),
    "quantity by channel": (f"SELECT avg(orderqty) {BY_CHANNEL}", 0.1),
    "orders of the large territories": (
        f"SELECT count(*) FROM {HEADER} WHERE territoryid IN (1, 4, 6, 7, 8, 9, 10) GROUP BY territoryid"
        " ORDER BY territoryid",
        0.15,
    ),
    "tax and freight": (f"SELECT sum(taxamt), sum(freight) FROM {HEADER}", 0.1),
    "the most frequent reason": ("SELECT count(*) FROM sales.salesorderheadersalesreason WHERE salesreasonid = 1", 0.1),
    "people by type": ("SELECT count(*) FROM person.person GROUP BY persontype ORDER BY persontype", 0),
    "customers of each kind": (
        "SELECT count(*) FROM sales.customer GROUP BY personid IS NULL, storeid IS NULL"
        " ORDER BY personid IS NULL, storeid IS NULL",
        0,
    ),
    "products of each kind": (
        "SELECT count(*) FROM production.product GROUP BY makeflag, finishedgoodsflag"
        " ORDER BY makeflag, finishedgoodsflag",
        0,
    ),
    "products of each subcategory": (
        "SELECT count(*) FROM production.product GROUP BY productsubcategoryid ORDER BY productsubcategoryid",
        0,
    ),
    "products of each offer": (
        "SELECT count(*) FROM sales.specialofferproduct GROUP BY specialofferid ORDER BY specialofferid",
        0,
    ),
    "rates of each currency": ("SELECT count(*) FROM sales.currencyrate GROUP BY tocurrencycode ORDER BY 1", 0),
    "quotas of each salesperson": (
        "SELECT count(*) FROM sales.salespersonquotahistory GROUP BY businessentityid ORDER BY businessentityid",
        0,
    ),
}


@pytest.fixture(scope="module")
def real(postgres: Postgres, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The DSN of a database with AdventureWorks' rows."""
    dump: Path = real_data.write_dump(tmp_path_factory.mktemp("real") / "source.sql")
    dsn = postgres.create_database("source_real")
    done = generator.run_psql(dsn, "-q", "-v", "ON_ERROR_STOP=1", "-f", str(dump))
    assert done.returncode == 0, done.stderr
    return dsn


def test_every_column_is_that_of_the_contract(source: str, real: str) -> None:
    assert _of_contract(source, COLUMNS) == _of_contract(real, COLUMNS)


def test_every_key_is_that_of_the_contract(source: str, real: str) -> None:
    assert _of_contract(source, KEYS) == _of_contract(real, KEYS)


def test_row_counts(source: str, real: str) -> None:
    assert generator.counts(source) == generator.counts(real)


def test_null_counts(source: str, real: str) -> None:
    assert generator.null_counts(source) == generator.null_counts(real)


@pytest.mark.parametrize("statistic", STATISTICS)
def test_statistics(source: str, real: str, statistic: str) -> None:
    text, part = STATISTICS[statistic]
    ours, theirs = rows(source, text), rows(real, text)
    assert len(ours) == len(theirs)
    assert [float(number) for row in ours for number in row] == [
        pytest.approx(float(number), rel=part) for row in theirs for number in row
    ]


@pytest.mark.parametrize(
    ("table", "column"),
    [
        ("production.product", "name"),
        ("production.product", "productnumber"),
        ("purchasing.shipmethod", "name"),
        ("sales.store", "name"),
        ("humanresources.employee", "loginid"),
        ("humanresources.employee", "nationalidnumber"),
        ("sales.salesorderheader", "purchaseordernumber"),
        ("sales.salesorderheader", "creditcardapprovalcode"),
    ],
)
def test_no_value_is_taken_over(source: str, real: str, table: str, column: str) -> None:
    text = f"SELECT DISTINCT {column} FROM {table} WHERE {column} IS NOT NULL"
    assert set(rows(source, text)) & set(rows(real, text)) == set()


def test_the_currency_codes_are_those_of_the_contract(real: str) -> None:
    codes = [row["currencycode"] for row in json.loads(generator.CURRENCIES)]
    assert codes == [
        code for (code,) in rows(real, 'SELECT currencycode FROM sales.currency ORDER BY currencycode COLLATE "C"')
    ]


def _of_contract(dsn: str, text: str) -> list[tuple[object, ...]]:
    """The rows whose first value is a table of the contract, sorted. A table added later has none to compare with."""
    tables = set(real_data.contract_tables())
    found = sorted((row for row in rows(dsn, text) if row[0] in tables), key=repr)
    assert {row[0] for row in found} == tables
    return found
