"""Each load says what it did, in the transaction in which it did it."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest

from bikes_store.errors import Refused
from bikes_store.lake import BUCKET, object_key
from cli.database import query
from tests.support.pipeline import DAY


def log(pipeline, columns):
    return query(pipeline.warehouse_dsn, f"SELECT {columns} FROM bikes_store_staging.load_log ORDER BY load_id")


def test_a_full_load_is_noted(small_source):
    small_source.run("salesorderdetail", run_id="first")
    columns = "table_name, run_id, window_start, window_end, rows, written, deleted"
    assert log(small_source, columns) == [("salesorderdetail", "first", None, None, 3, 3, 0)]


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
    key = object_key("production.product", "old")
    found = small_source.s3.get_object(Bucket=BUCKET, Key=key)
    del found["Metadata"]["extracted-at"]
    small_source.s3.put_object(Bucket=BUCKET, Key=key, Body=found["Body"].read(), Metadata=found["Metadata"])
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
