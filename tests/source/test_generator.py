"""The generator makes the same rows every time, makes more on demand, and refuses bad input."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import pytest

from cli.database import query
from tests.source import generator
from tests.source.generator import CURRENCIES
from tests.support.dashboards import boards

if TYPE_CHECKING:
    from tests.support.services import Postgres

# The checksum of all rows at scale 1. All PostgreSQL releases give the same, so only the generator can change it.
# A table that it does not fill yet does not count.
FINGERPRINT = "b1fa99d0b2f4eff4"

ORDERS = {"sales.salesorderheader", "sales.salesorderdetail", "sales.salesorderheadersalesreason"}

# Settings that change the format of dates, the form of text and the choice of plans.
OTHER_SETTINGS = (
    "-c DateStyle=German -c TimeZone=Pacific/Auckland -c IntervalStyle=iso_8601 -c extra_float_digits=-5"
    " -c bytea_output=escape -c xmloption=document -c work_mem=1MB -c enable_hashjoin=off -c enable_hashagg=off"
    " -c jit=off -c max_parallel_workers_per_gather=0"
)


@pytest.fixture(scope="module")
def empty(postgres: Postgres) -> str:
    """A database with the tables and without rows."""
    dsn = postgres.create_database("source_empty")
    generator.make_tables(dsn)
    return dsn


def test_the_rows_are_the_same_in_every_run(source: str, postgres: Postgres) -> None:
    dsn = postgres.create_database("source_again")
    generator.make_tables(dsn)
    done = generator.run_generator(dsn, options=OTHER_SETTINGS)
    assert done.returncode == 0, done.stderr
    assert generator.checksums(dsn) == generator.checksums(source)


def test_the_rows_are_the_same_on_every_server(source: str) -> None:
    filled = {name: checksum for name, checksum in generator.checksums(source).items() if checksum is not None}
    text = repr(sorted(filled.items()))
    assert hashlib.sha256(text.encode()).hexdigest()[:16] == FINGERPRINT


def test_the_tables_promise_what_they_promised_before_they_had_rows(source: str, empty: str) -> None:
    """The generator takes the foreign keys away and makes them again: that checks all rows of a table at once."""
    promised = (
        "SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid), convalidated FROM pg_constraint"
        f" WHERE connamespace::regnamespace::text IN ({generator.SCHEMAS}) ORDER BY 1, 2"
    )
    assert len(query(empty, promised)) > 40
    assert query(source, promised) == query(empty, promised)


def test_the_sales_dashboard_opens_on_the_days_that_have_orders(source: str) -> None:
    ((first, last),) = query(source, "SELECT min(orderdate)::date, max(orderdate)::date FROM sales.salesorderheader")
    (time,) = [board["time"] for name, board in boards() if name == "sales"]
    assert time == {"from": f"{first}T00:00:00.000Z", "to": f"{last}T23:59:59.999Z"}


def test_scale_multiplies_orders_only(source: str, postgres: Postgres) -> None:
    dsn = postgres.create_database("source_twice")
    generator.make_tables(dsn)
    done = generator.run_generator(dsn, {"scale": "2", "currencies": CURRENCIES})
    assert done.returncode == 0, done.stderr

    once = generator.counts(source)
    assert generator.counts(dsn) == {name: rows * (2 if name in ORDERS else 1) for name, rows in once.items()}
    nulls = generator.null_counts(source)
    assert generator.null_counts(dsn) == {
        name: rows * (2 if name.rpartition(".")[0] in ORDERS else 1) for name, rows in nulls.items()
    }
    sums = generator.checksums(source)
    twice = generator.checksums(dsn)
    assert {name for name in sums if sums[name] != twice[name]} == ORDERS
    # The two sales of a planned order are alike, but are not copies.
    text = (
        "SELECT count(*) FROM (SELECT FROM sales.salesorderheader"
        " GROUP BY customerid, orderdate, subtotal HAVING count(*) > 1) AS s"
    )
    assert generator.value(dsn, text) < 31465 / 4


@pytest.mark.parametrize("scale", ["0", "-1", "1.5", "ten", "", "1; DROP SCHEMA sales"])
def test_a_wrong_scale_is_refused(empty: str, scale: str) -> None:
    done = generator.run_generator(empty, {"scale": scale, "currencies": CURRENCIES})
    assert done.returncode != 0
    assert f'scale must be a whole number from 1 on, not "{scale}".' in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert not any(generator.counts(empty).values())


def test_missing_currencies_are_refused(empty: str) -> None:
    done = generator.run_generator(empty, {"scale": "1"})
    assert done.returncode != 0
    assert "Give the currencies" in done.stderr
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.parametrize(
    "currencies", ["{", '{"currencycode": "EUR"}', "[]", '[{"currencycode": "EUR", "name": "Euro"}]']
)
def test_wrong_currencies_leave_the_database_empty(empty: str, currencies: str) -> None:
    done = generator.run_generator(empty, {"scale": "1", "currencies": currencies})
    assert done.returncode != 0
    assert "ERROR" in done.stderr
    assert not any(generator.counts(empty).values())


def test_a_database_without_tables_is_refused(postgres: Postgres) -> None:
    done = generator.run_generator(postgres.create_database("source_bare"))
    assert done.returncode != 0
    assert "This database has no tables yet: run schema.sql first." in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_a_database_with_rows_is_refused(source: str) -> None:
    before = generator.checksums(source)
    done = generator.run_generator(source)
    assert done.returncode != 0
    assert "already has rows: the generator fills an empty database only." in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert generator.checksums(source) == before


def test_nothing_but_rows_is_left_behind(source: str, empty: str) -> None:
    text = "SELECT relname, relkind FROM pg_class WHERE relnamespace::regnamespace::text !~ '^pg_toast' ORDER BY 1, 2"
    assert generator.rows(source, text) == generator.rows(empty, text)
    text = "SELECT proname FROM pg_proc WHERE pronamespace::regnamespace::text !~ '^pg_catalog|^information_schema'"
    assert generator.rows(source, text) == []
