"""Each load says what it did, in the transaction in which it did it. So no load puts old rows over newer ones."""

from __future__ import annotations

import time
from contextlib import closing
from datetime import datetime, timedelta, timezone

import psycopg2
import pytest

from bikes_store.errors import Refused
from bikes_store.lake import BUCKET, object_key
from bikes_store.load_log import last_loads
from bikes_store.tables import TABLES
from bikes_store.window import FULL, Window
from cli.database import query
from tests.support.pipeline import DAY


def log(pipeline, columns):
    return query(pipeline.warehouse_dsn, f"SELECT {columns} FROM bikes_store_staging.load_log ORDER BY load_id")


def rewrite(pipeline, name, run_id, **metadata):
    """Change an object's metadata; None takes an entry out."""
    key = object_key(TABLES[name].source, run_id)
    found = pipeline.s3.get_object(Bucket=BUCKET, Key=key)
    kept = {entry: value for entry, value in {**found["Metadata"], **metadata}.items() if value is not None}
    pipeline.s3.put_object(Bucket=BUCKET, Key=key, Body=found["Body"].read(), Metadata=kept)


def test_a_full_load_is_noted(small_source):
    small_source.run("salesorderdetail", run_id="first")
    columns = "table_name, run_id, window_start, window_end, rows, written, deleted"
    assert log(small_source, columns) == [("salesorderdetail", "first", None, None, 3, 3, 0)]


def test_new_and_changed_rows_are_told_apart(small_source):
    small_source.run("person", "salesorderdetail")
    small_source.in_source(
        "UPDATE sales.salesorderdetail SET orderqty = 9 WHERE salesorderdetailid = 2;"
        " DELETE FROM sales.salesorderdetail WHERE salesorderdetailid = 1;"
        " INSERT INTO person.person (businessentityid, persontype, firstname, lastname) VALUES (3, 'IN', 'Cy', 'Fox');"
        " UPDATE person.person SET firstname = firstname || '!' WHERE businessentityid < 3"
    )
    loaded = small_source.run("person", "salesorderdetail")
    assert (loaded["person"].written, loaded["person"].updated) == (3, 2)
    assert log(small_source, "table_name, written, updated, deleted")[-2:] == [
        ("person", 3, 2, 0),
        ("salesorderdetail", 1, 1, 1),
    ]


def test_the_last_load_of_each_table_has_its_age(small_source):
    small_source.run("person", "product")
    small_source.in_staging("UPDATE bikes_store_staging.load_log SET loaded_at = loaded_at - interval '5 days'")
    small_source.run("product")
    with closing(psycopg2.connect(small_source.warehouse_dsn)) as staging:
        loads = last_loads(staging)
    ages = {name: age for name, (_, age) in loads.items()}
    assert set(ages) == {"person", "product"}
    assert ages["product"] < timedelta(minutes=1) and timedelta(days=5) < ages["person"] < timedelta(days=5, minutes=1)
    now = datetime.now(timezone.utc).replace(tzinfo=None)
    assert abs(now - ages["person"] - loads["person"][0]) < timedelta(seconds=10)


def test_an_incremental_load_is_noted_with_its_window(small_source):
    small_source.run()
    small_source.run("salesorderdetail", window=DAY, run_id="daily")
    columns = "table_name, run_id, window_start, window_end, rows, written, deleted"
    assert log(small_source, columns)[-1] == ("salesorderdetail", "daily", DAY.start, DAY.end, 1, 0, 0)


def test_every_table_is_noted(small_source):
    loaded = small_source.run()
    assert dict(log(small_source, "table_name, rows")) == {name: result.rows for name, result in loaded.items()}


@pytest.mark.parametrize("zone", ["UTC", "America/New_York", "Asia/Kolkata"])
def test_the_time_is_that_of_the_sources_snapshot(small_source, zone):
    """A moment between two reads of the source's clock, whatever its zone. The load comes later."""
    small_source.in_source(f"ALTER DATABASE test_source SET timezone = '{zone}'")
    ((before,),) = query(small_source.source_dsn, "SELECT clock_timestamp()")
    manifest = small_source.extract("product", "r")
    ((after,),) = query(small_source.source_dsn, "SELECT clock_timestamp()")
    small_source.load("product", "r")
    ((extracted_at, loaded_at),) = log(small_source, "extracted_at, loaded_at")
    assert before < extracted_at < after < loaded_at
    assert extracted_at == manifest.extracted_at


def test_an_object_of_an_earlier_release_is_noted_with_the_time_of_its_upload(small_source):
    small_source.extract("product", "old")
    rewrite(small_source, "product", "old", **{"extracted-at": None})
    now = datetime.now(timezone.utc)
    small_source.load("product", "old")
    ((extracted_at,),) = log(small_source, "extracted_at")
    assert abs(extracted_at - now) < timedelta(seconds=10)


def test_a_load_that_fails_is_not_noted(small_source):
    small_source.in_source('ALTER TABLE production.product DROP CONSTRAINT "CK_Product_ListPrice"')
    small_source.in_source("UPDATE production.product SET listprice = -1")
    small_source.extract("product", "r")
    with pytest.raises(Refused, match="CK_Product_ListPrice"):
        small_source.load("product", "r")
    assert log(small_source, "run_id") == []


def colors(pipeline):
    return query(pipeline.warehouse_dsn, "SELECT color FROM bikes_store_staging.product")


def test_an_old_full_object_does_not_come_back(small_source):
    """Somebody clears the load of an old run: a price and a deleted line would return."""
    small_source.run(run_id="old")
    small_source.in_source("UPDATE production.product SET color = 'Red'")
    small_source.in_source("DELETE FROM sales.salesorderdetail WHERE salesorderdetailid = 1")
    small_source.run(run_id="new")
    for name in ("product", "salesorderdetail"):
        with pytest.raises(Refused, match=r"holds what run new read at \S+ \S+ UTC: run this run's extract task again"):
            small_source.load(name, "old")
    assert colors(small_source) == [("Red",)]
    assert small_source.staging_rows("salesorderdetail") == small_source.source_rows("salesorderdetail")


@pytest.mark.parametrize("newer", [FULL, DAY])
@pytest.mark.parametrize("older", [FULL, DAY])
def test_an_old_object_is_refused_whatever_it_and_the_newer_one_cover(small_source, older, newer):
    small_source.in_source("UPDATE production.product SET color = 'Red', modifieddate = '2024-09-01'")
    small_source.extract("product", "old", older)
    small_source.in_source("UPDATE production.product SET color = 'Blue'")
    small_source.run("product", window=newer, run_id="new")
    with pytest.raises(Refused, match=r"The object of production\.product was read from the source at .* run new"):
        small_source.load("product", "old")
    assert colors(small_source) == [("Blue",)]


def test_the_newest_object_may_be_loaded_again(small_source):
    small_source.run("product", run_id="r")
    assert small_source.load("product", "r").written == 0


def test_an_old_day_that_is_extracted_again_is_loaded(small_source):
    """A cleared run, or a backfill, after newer days."""
    small_source.run("product", run_id="later", window=Window(datetime(2024, 9, 2), datetime(2024, 9, 3)))
    small_source.in_source("UPDATE production.product SET color = 'Red', modifieddate = '2024-09-01'")
    assert small_source.run("product", run_id="backfill", window=DAY)["product"].written == 1


def test_a_load_counts_only_for_its_own_table(small_source):
    small_source.extract("product", "r")
    small_source.run("person", run_id="newer")
    assert small_source.load("product", "r").rows == 1


def test_a_source_whose_clock_was_ahead_does_not_block_the_next_run(small_source):
    """It said 2099. The object's own age is known better."""
    small_source.extract("product", "ahead")
    rewrite(small_source, "product", "ahead", **{"extracted-at": "2099-01-01T00:00:00+00:00"})
    small_source.load("product", "ahead")
    time.sleep(1)  # S3 tells an object's age in whole seconds
    assert small_source.run("product", run_id="next")["product"].rows == 1


OUTDATED = r"The staging area lacks what this release needs .* run warehouse/staging.sql and warehouse/roles.sql"


@pytest.mark.parametrize(
    "lacking",
    [
        "DROP TABLE bikes_store_staging.load_log",
        "ALTER TABLE bikes_store_staging.load_log DROP difference",
        "DROP FUNCTION bikes_store_staging.analyze_table",
    ],
)
def test_a_staging_area_of_an_earlier_release_is_named_in_a_sentence(small_source, lacking):
    small_source.in_staging(lacking)
    with pytest.raises(Refused, match=OUTDATED):
        small_source.run("product")
    assert colors(small_source) == []


def test_so_it_is_before_the_extract_of_a_window(small_source):
    small_source.in_staging("DROP TABLE bikes_store_staging.load_log")
    with pytest.raises(Refused, match=OUTDATED):
        small_source.run_day("product", DAY)


def test_over_loads_of_an_earlier_release_only_a_newer_object_is_loaded(small_source):
    """They are in no log. An object from before them would put a price back."""
    small_source.run("product", run_id="first")
    small_source.extract("product", "old")
    small_source.in_source("UPDATE production.product SET color = 'Red'")
    small_source.run("product", run_id="new")
    small_source.in_staging("DELETE FROM bikes_store_staging.load_log")
    with pytest.raises(Refused, match=r"already holds rows that were written at \S+ \S+ UTC: run this run's extract"):
        small_source.load("product", "old")
    assert colors(small_source) == [("Red",)]
    small_source.extract("product", "old")  # what the sentence says
    small_source.in_source("UPDATE production.product SET color = 'Blue'")
    small_source.run("product", run_id="next")
    assert colors(small_source) == [("Blue",)]


def test_an_empty_table_without_a_log_takes_any_object(small_source):
    small_source.extract("product", "r")
    assert small_source.load("product", "r").rows == 1
