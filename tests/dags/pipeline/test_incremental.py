"""An incremental run takes the rows of its data interval, adds and updates, and deletes nothing."""

from __future__ import annotations

from datetime import datetime
from itertools import pairwise

from bikes_store.load import Loaded
from bikes_store.tables import TABLES
from bikes_store.window import FULL, Window
from tests.support.pipeline import DAY


def keys(pipeline, name):
    return [row[1 if name == "salesorderdetail" else 0] for row in pipeline.staging_rows(name)]


def test_window_takes_its_start_and_leaves_its_end(small_source):
    small_source.run(window=DAY)
    assert keys(small_source, "person") == ["1"]  # midnight of the day; the other is a millisecond before
    assert keys(small_source, "salesorderheader") == ["100"]
    detail = {row[1] for row in small_source.staging_rows("salesorderdetail")}
    assert len(small_source.staging_rows("salesorderdetail")) == 1, detail
    assert small_source.staging_rows("product") == []


def test_day_without_rows_succeeds_with_no_rows(small_source):
    small_source.run()
    quiet = Window(datetime(2025, 1, 1), datetime(2025, 1, 2))
    loaded = small_source.run(window=quiet)
    assert set(loaded) == set(TABLES)
    assert all(result == Loaded(rows=0, written=0, deleted=0) for result in loaded.values())


def test_days_add_up_to_a_full_load(small_source):
    days = [datetime(2024, 8, day) for day in range(24, 32)] + [datetime(2024, 9, day) for day in (1, 2, 3)]
    for start, end in pairwise(days):
        small_source.run("salesorderdetail", window=Window(start, end))
    assert small_source.staging_rows("salesorderdetail") == small_source.source_rows("salesorderdetail")


def test_update_arrives_with_the_day_of_its_change(small_source):
    small_source.run()
    small_source.in_source("UPDATE production.product SET color = 'Red', modifieddate = '2024-09-01 08:00'")
    assert small_source.run(window=DAY)["product"] == Loaded(rows=1, written=1, deleted=0, updated=1)
    assert small_source.staging_rows("product") == small_source.source_rows("product")


def test_deletion_waits_for_a_full_run(small_source):
    small_source.run()
    small_source.in_source("DELETE FROM sales.salesorderdetail WHERE salesorderdetailid > 1")
    assert small_source.run(window=DAY)["salesorderdetail"].deleted == 0
    assert len(small_source.staging_rows("salesorderdetail")) == 3
    assert small_source.run()["salesorderdetail"].deleted == 2


def test_same_day_again_changes_nothing(small_source):
    small_source.run(window=DAY)
    assert all(result.written == 0 for result in small_source.run(window=DAY).values())


def test_mode_switched_between_extract_and_load_deletes_nothing(small_source):
    """The object says what it is; the load need not know the mode."""
    small_source.run()
    small_source.extract("salesorderdetail", "switched", DAY)
    assert small_source.load("salesorderdetail", "switched").deleted == 0
    small_source.extract("salesorderdetail", "back", FULL)
    assert small_source.load("salesorderdetail", "back").rows == 3
