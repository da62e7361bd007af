"""What changed in a warehouse since a moment: here dbt's part of it is made by hand."""

from __future__ import annotations

import pytest

from cli import changes
from cli.changes import Change, Mark
from cli.database import connect
from cli.errors import UserError
from cli.paths import REPOSITORY
from cli.processes.postgres import psql

# As dbt's macros note it.
BUILD = """
CREATE SCHEMA warehouse;
CREATE TABLE warehouse.build_inputs (table_name text PRIMARY KEY, inputs text, contents text);
CREATE TABLE warehouse.dim_product AS SELECT n AS nk_product, 1 AS price FROM generate_series(1, 10) AS n;
CREATE TABLE warehouse.mart_sales AS SELECT 1 AS n;
CREATE TABLE warehouse.mart_same AS SELECT 1 AS n;
"""
NOTE = """
INSERT INTO warehouse.build_inputs (table_name, contents)
SELECT '{0}', (SELECT count(*) || ' ' || sum(hash_record_extended(held, 0)) FROM warehouse.{0} AS held)
ON CONFLICT (table_name) DO UPDATE SET contents = excluded.contents;
"""
LOAD = """
INSERT INTO bikes_store_staging.load_log (table_name, run_id, extracted_at, "rows", written, updated, deleted)
VALUES ('{}', 'r', now(), 100, {}, {}, {});
"""


@pytest.fixture
def dsn(postgres):
    made = postgres.create_database("changes_warehouse")
    psql(made).run(REPOSITORY / "warehouse" / "staging.sql")
    return made


def run(dsn, text):
    """In a session of its own: its counts are there when it has ended."""
    with connect(dsn) as connection, connection.cursor() as cursor:
        cursor.execute(text)


def built(dsn):
    run(dsn, BUILD + "".join(NOTE.format(name) for name in ("dim_product", "mart_sales", "mart_same")))
    run(dsn, LOAD.format("store", 3, 0, 0))


def test_before_the_first_run_there_is_nothing(dsn):
    assert changes.mark(dsn) == Mark()
    before = changes.mark(dsn)
    built(dsn)
    found = changes.since(before, dsn)
    assert found.is_first
    (shown,) = changes.as_sections(found)
    assert shown.note == "This was the first run: every row is new."


def test_loads_after_the_mark_are_added_up_by_table(dsn):
    built(dsn)
    before = changes.mark(dsn)
    run(dsn, LOAD.format("store", 3, 2, 1) + LOAD.format("store", 4, 0, 0) + LOAD.format("person", 0, 0, 0))
    run(dsn, LOAD.format("currency", 0, 0, 7))
    found = changes.since(before, dsn)
    assert found.staging == [Change("sales.store", 5, 2, 1), Change("api.currency", 0, 0, 7)]
    assert changes.loaded_rows(before, dsn) == 15
    assert found.models == [] and not found.is_first


def test_tables_of_dbt_that_changed_are_told_with_their_rows(dsn):
    built(dsn)
    before = changes.mark(dsn)
    run(
        dsn,
        "UPDATE warehouse.dim_product SET price = 2 WHERE nk_product <= 2; DELETE FROM warehouse.dim_product WHERE"
        " nk_product = 3; INSERT INTO warehouse.dim_product SELECT n, 1 FROM generate_series(11, 14) AS n;"
        + NOTE.format("dim_product")
        # dbt makes a new table, and puts it in the place of the old one.
        + "DROP TABLE warehouse.mart_sales;"
        + "CREATE TABLE warehouse.mart_sales AS SELECT n FROM generate_series(1, 5) AS n;"
        + NOTE.format("mart_sales")
        + "DROP TABLE warehouse.mart_same; CREATE TABLE warehouse.mart_same AS SELECT 1 AS n;"
        + NOTE.format("mart_same")
        + "CREATE TABLE warehouse.mart_new AS SELECT 1 AS n;"
        + NOTE.format("mart_new"),
    )
    assert changes.since(before, dsn).models == [
        Change("dim_product", 4, 2, 1, 10, 13),
        Change("mart_new", None, None, None, None, 1),
        Change("mart_sales", None, None, None, 1, 5),
    ]
    staging, models = changes.as_sections(changes.since(before, dsn))
    assert staging.note == "No row changed since the last run."
    assert models.rows[0].cells == ["dim_product", "4", "2", "1", "10", "13"]
    assert models.rows[1].cells == ["mart_new", "–", "–", "–", "new", "1"]
    assert "nobody counted" in models.note


def test_what_was_rolled_back_does_not_pass_for_written(dsn):
    """PostgreSQL counts it too: a task was killed in the middle, and tried again."""
    built(dsn)
    before = changes.mark(dsn)
    with pytest.raises(ZeroDivisionError), connect(dsn) as connection, connection.cursor() as cursor:
        cursor.execute("INSERT INTO warehouse.dim_product SELECT n, 1 FROM generate_series(50, 90) AS n")
        raise ZeroDivisionError
    run(dsn, "INSERT INTO warehouse.dim_product VALUES (11, 1);" + NOTE.format("dim_product"))
    assert changes.since(before, dsn).models == [Change("dim_product", None, None, None, 10, 11)]


def test_a_warehouse_that_does_not_answer_is_a_sentence():
    with pytest.raises(UserError, match=r"^The warehouse can't be asked what it holds: .*Connection refused"):
        changes.mark("postgresql://127.0.0.1:1/w")
