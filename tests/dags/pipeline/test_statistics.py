"""A load leaves a table with statistics, so that the first query of the warehouse has a good plan."""

from __future__ import annotations

from cli.database import query


def estimate(pipeline):
    """How many rows the planner believes in."""
    text = "SELECT reltuples::int FROM pg_class WHERE oid = 'bikes_store_staging.salesreason'::regclass"
    return query(pipeline.warehouse_dsn, text)[0][0]


def add(pipeline, first, last):
    pipeline.in_source(
        "INSERT INTO sales.salesreason (salesreasonid, name, reasontype, modifieddate)"
        f" SELECT n, 'x', 'y', '2024-09-01' FROM generate_series({first}, {last}) AS n"
    )


def test_a_load_that_changes_much_renews_the_statistics(pipeline):
    add(pipeline, 1, 100)
    pipeline.run("salesreason")
    assert estimate(pipeline) == 100
    add(pipeline, 101, 110)
    pipeline.run("salesreason")
    assert estimate(pipeline) == 100  # a tenth is not much
    add(pipeline, 111, 121)
    pipeline.run("salesreason")
    assert estimate(pipeline) == 121
    pipeline.in_source("DELETE FROM sales.salesreason WHERE salesreasonid > 60")
    pipeline.run("salesreason")
    assert estimate(pipeline) == 60
