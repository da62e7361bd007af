"""A source that loses its rows by accident does not empty staging."""

from __future__ import annotations

import pytest

from bikes_store.deletions import NO_LIMIT, DeletionLimit
from bikes_store.errors import Refused
from bikes_store.load import Loaded
from cli.database import query

MANY = 200


@pytest.fixture
def many_rows(pipeline):
    """A table of 200 rows, loaded."""
    pipeline.in_source(
        "INSERT INTO sales.salesreason (salesreasonid, name, reasontype, modifieddate)"
        f" SELECT n, 'x', 'y', '2024-09-01' FROM generate_series(1, {MANY}) AS n"
    )
    pipeline.run("salesreason")
    return pipeline


def state(pipeline):
    """Rows and their writers: whatever a load changes shows."""
    return query(
        pipeline.warehouse_dsn, "SELECT xmin::text, t::text FROM bikes_store_staging.salesreason AS t ORDER BY 2"
    )


def test_an_emptied_source_empties_nothing(many_rows):
    before = state(many_rows)
    many_rows.in_source("TRUNCATE sales.salesreason CASCADE")
    with pytest.raises(Refused, match=r"sales.salesreason has lost 200 of the 200 rows of bikes_store_staging"):
        many_rows.run("salesreason", run_id="emptied")
    assert state(many_rows) == before
    assert query(many_rows.warehouse_dsn, "SELECT count(*) FROM bikes_store_staging.load_log") == [(1,)]


def test_a_refused_load_does_not_write_its_other_rows(many_rows):
    before = state(many_rows)
    many_rows.in_source("DELETE FROM sales.salesreason WHERE salesreasonid > 50")
    many_rows.in_source("UPDATE sales.salesreason SET name = 'changed'")
    with pytest.raises(Refused, match=r"has lost 150 of the 200 rows"):
        many_rows.run("salesreason")
    assert state(many_rows) == before


def test_a_person_lets_the_same_object_pass(many_rows):
    many_rows.in_source("DELETE FROM sales.salesreason")
    with pytest.raises(Refused):
        many_rows.run("salesreason", run_id="archived")
    assert many_rows.load("salesreason", "archived", limit=NO_LIMIT) == Loaded(rows=0, written=0, deleted=MANY)
    assert state(many_rows) == []


def test_few_rows_go_without_a_word(many_rows):
    many_rows.in_source("DELETE FROM sales.salesreason WHERE salesreasonid > 100")
    assert many_rows.run("salesreason")["salesreason"].deleted == 100


def test_a_lower_limit_protects_a_small_table(many_rows):
    many_rows.in_source("DELETE FROM sales.salesreason WHERE salesreasonid > 170")
    many_rows.extract("salesreason", "r")
    with pytest.raises(Refused, match=r"deletes at most 0 rows or 10 %"):
        many_rows.load("salesreason", "r", limit=DeletionLimit(0, 10))


def test_a_small_table_does_not_lose_its_last_row(small_source):
    small_source.run("salesterritory")
    small_source.in_source("DELETE FROM sales.salesorderheader; DELETE FROM sales.customer")
    small_source.in_source("DELETE FROM sales.salesterritory")
    with pytest.raises(Refused, match=r"has lost 1 of the 1 rows of .*, and a load never deletes the last row"):
        small_source.run("salesterritory", run_id="emptied")
    assert len(small_source.staging_rows("salesterritory")) == 1
    assert small_source.load("salesterritory", "emptied", limit=NO_LIMIT).deleted == 1


def test_the_last_shopping_cart_may_go(small_source):
    small_source.in_source(
        "INSERT INTO sales.shoppingcartitem (shoppingcartitemid, shoppingcartid, quantity, productid)"
        " VALUES (1, 'a', 1, 7)"
    )
    small_source.run("shoppingcartitem")
    small_source.in_source("DELETE FROM sales.shoppingcartitem")
    assert small_source.run("shoppingcartitem")["shoppingcartitem"].deleted == 1
