"""In incremental mode, each load says in what the staging area differs from the source; and it deletes what is gone."""

from __future__ import annotations

from contextlib import closing
from datetime import datetime, timedelta

import psycopg2
import pytest

from bikes_store.comparison import NO_DIFFERENCE, probe
from bikes_store.deletions import DeletionLimit
from bikes_store.errors import Refused
from bikes_store.lake import BUCKET, object_key
from bikes_store.load import Loaded
from bikes_store.tables import TABLES
from bikes_store.window import Window
from cli.database import connect, query
from tests.support.pipeline import DAY

DETAIL = "salesorderdetail"
HASHES = pytest.mark.parametrize("own_hash", [True, False], ids=["own hash", "MD5"])
LATER = Window(datetime(2025, 1, 1), datetime(2025, 1, 2))  # nothing changed on that day


@pytest.fixture
def loaded(small_source):
    """Staging equals the source, and a quiet day follows."""
    small_source.run()
    return small_source


@HASHES
@pytest.mark.parametrize("list_keys", [True, False])
def test_nothing_differs_on_a_quiet_day(loaded, list_keys, own_hash):
    """Of no table: the two databases write all types alike."""
    results = [loaded.run_day(name, LATER, list_keys=list_keys, own_hash=own_hash) for name in TABLES]
    assert {result.difference for result in results} == {NO_DIFFERENCE}


@HASHES
@pytest.mark.parametrize(
    ("statement", "without_list", "with_list"),
    [
        (
            "DELETE FROM sales.salesorderdetail WHERE salesorderdetailid = 2",
            (1, "staging has 3 rows, the source 2"),
            (0, ""),
        ),
        (
            "UPDATE sales.salesorderdetail SET orderqty = 9 WHERE salesorderdetailid = 2",
            (1, "staging has the same rows as the source, but some with other values"),
            (1, "rows with other values: 1, such as (100,2)"),
        ),
        (
            "INSERT INTO sales.salesorderdetail (salesorderid, salesorderdetailid, orderqty, productid, specialofferid,"
            " unitprice, modifieddate) VALUES (100, 4, 1, 7, 1, 1, '2020-01-01')",
            (1, "staging has 3 rows, the source 4"),
            (1, "missing rows: 1, such as (100,4)"),
        ),
        (
            "UPDATE sales.salesorderdetail SET salesorderdetailid = 5 WHERE salesorderdetailid = 2",
            (2, "staging has as many rows as the source, but not the same ones"),
            (1, "missing rows: 1, such as (100,5)"),
        ),
    ],
    ids=["deleted", "changed without a new change time", "came late", "another key"],
)
def test_what_no_window_brings_is_said(loaded, caplog, statement, without_list, with_list, own_hash):
    loaded.in_source(statement)
    result = loaded.run_day(DETAIL, LATER, "plain", own_hash=own_hash)
    assert (result.difference.rows, result.difference.text) == without_list
    assert f"bikes_store_staging.salesorderdetail differs from the source: {without_list[1]}." in caplog.text
    noted = "SELECT differing, difference FROM bikes_store_staging.load_log WHERE run_id = 'plain'"
    assert query(loaded.warehouse_dsn, noted) == [without_list]
    result = loaded.run_day(DETAIL, LATER, list_keys=True, own_hash=own_hash)
    assert (result.difference.rows, result.difference.text) == with_list


def test_a_run_with_a_list_deletes_what_the_source_has_deleted(loaded):
    loaded.in_source("DELETE FROM sales.salesorderdetail WHERE salesorderdetailid = 2")
    assert loaded.run_day(DETAIL, LATER).deleted == 0
    assert loaded.run_day(DETAIL, LATER, list_keys=True) == Loaded(rows=0, written=0, deleted=1)
    assert loaded.staging_rows(DETAIL) == loaded.source_rows(DETAIL)


def test_a_key_of_several_types_is_compared(loaded):
    loaded.in_source(
        "SET session_replication_role = replica;"  # without its sales person
        " INSERT INTO sales.salespersonquotahistory VALUES (1, '2024-07-01', 5)"
    )
    loaded.in_staging(
        "INSERT INTO bikes_store_staging.salespersonquotahistory VALUES"
        " (1, '2024-01-01', 5, gen_random_uuid(), '2024-01-01'), (1, '2024-04-01', 5, gen_random_uuid(), '2024-01-01')"
    )
    assert loaded.run_day("salespersonquotahistory", LATER, list_keys=True).deleted == 2


def test_a_list_that_would_delete_too_much_is_refused(loaded):
    loaded.in_source("DELETE FROM sales.salesorderdetail")
    loaded.extract(DETAIL, "emptied", LATER, list_keys=True)
    with pytest.raises(Refused, match=r"sales\.salesorderdetail has lost 3 of the 3 rows"):
        loaded.load(DETAIL, "emptied", LATER, DeletionLimit(rows=2, percent=10))
    assert len(loaded.staging_rows(DETAIL)) == 3


def test_a_list_of_another_extract_is_refused(loaded):
    loaded.extract(DETAIL, "mixed", Window(LATER.start - timedelta(days=1), LATER.end), list_keys=True)
    name = object_key(f"{TABLES[DETAIL].source}/keys", "mixed")
    found = loaded.s3.get_object(Bucket=BUCKET, Key=name)
    loaded.s3.put_object(
        Bucket=BUCKET, Key=name, Body=found["Body"].read(), Metadata={**found["Metadata"], "rows": "2"}
    )
    with pytest.raises(Refused, match=r"the list of its keys .* do not belong together"):
        loaded.load(DETAIL, "mixed", LATER)
    loaded.s3.delete_object(Bucket=BUCKET, Key=name)
    with pytest.raises(Refused, match=r"keys/mixed\.csv does not exist: run the extract"):
        loaded.load(DETAIL, "mixed", LATER)


def test_an_object_and_a_list_of_the_release_before_are_compared(loaded):
    """It wrote the fingerprint of the table beside the list."""
    loaded.in_source("DELETE FROM sales.salesorderdetail WHERE salesorderdetailid = 2")
    loaded.in_source("UPDATE sales.salesorderdetail SET orderqty = 9 WHERE salesorderdetailid = 3")
    fingerprint = loaded.extract(DETAIL, "before", LATER).fingerprint
    loaded.extract(DETAIL, "before", LATER, list_keys=True)
    name = object_key(TABLES[DETAIL].source, "before")
    found = loaded.s3.get_object(Bucket=BUCKET, Key=name)
    metadata = {key: value for key, value in found["Metadata"].items() if key != "listed-rows"}
    metadata |= {"lists-keys": "yes", "fingerprint": str(fingerprint)}
    loaded.s3.put_object(Bucket=BUCKET, Key=name, Body=found["Body"].read(), Metadata=metadata)
    result = loaded.load(DETAIL, "before", LATER)
    assert (result.deleted, result.difference.text) == (1, "rows with other values: 1, such as (100,3)")


def test_all_kinds_of_differences_are_told_apart(loaded):
    loaded.in_source(
        "DELETE FROM sales.salesorderdetail WHERE salesorderdetailid = 1;"
        " UPDATE sales.salesorderdetail SET orderqty = 9 WHERE salesorderdetailid = 2;"
        " UPDATE sales.salesorderdetail SET salesorderdetailid = 4 WHERE salesorderdetailid = 3"
    )
    result = loaded.run_day(DETAIL, LATER, list_keys=True)
    said = "missing rows: 1, such as (100,4); rows with other values: 1, such as (100,2)"
    assert (result.deleted, result.difference.rows, result.difference.text) == (2, 2, said)


def test_a_table_is_hashed_for_a_list_or_for_a_fingerprint_but_not_for_both(loaded):
    listing = loaded.extract(DETAIL, "listed", LATER, list_keys=True)
    assert (listing.fingerprint, listing.listed_rows) == (None, 3)
    plain = loaded.extract(DETAIL, "plain", LATER)
    assert (plain.fingerprint.rows, plain.listed_rows) == (3, None)


def test_servers_that_hash_alike_use_their_own_function_and_others_use_md5(loaded):
    alike = loaded.extract(DETAIL, "alike", LATER, probe=loaded.probe())
    other = loaded.extract(DETAIL, "other", LATER, probe=loaded.probe() + 1)
    assert (alike.probe, other.probe) == (loaded.probe(), None)
    assert other.fingerprint == loaded.extract(DETAIL, "unknown", LATER).fingerprint != alike.fingerprint


@pytest.mark.parametrize("list_keys", [True, False])
def test_an_object_for_a_warehouse_that_hashes_otherwise_is_refused(loaded, monkeypatch, list_keys):
    loaded.extract(DETAIL, "moved", LATER, list_keys, loaded.probe())
    monkeypatch.setattr("bikes_store.comparison.probe", lambda cursor: 1)
    with pytest.raises(Refused, match=r"PostgreSQL hashes rows in another way: run this run's extract task again"):
        loaded.load(DETAIL, "moved", LATER)


def test_the_hash_of_a_server_with_another_encoding_is_not_relied_on(postgres, loaded):
    with closing(psycopg2.connect(postgres.dsn())) as connection:
        connection.autocommit = True
        connection.cursor().execute("DROP DATABASE IF EXISTS latin")
        connection.cursor().execute("CREATE DATABASE latin TEMPLATE template0 ENCODING 'LATIN1' LOCALE 'C'")
    with connect(postgres.dsn("latin")) as connection, connection.cursor() as cursor:
        assert probe(cursor) is None
    assert loaded.probe() is not None


def test_the_comparison_sees_the_source_as_the_extract_saw_it(loaded):
    """What changes between the extract and the load is no difference."""
    loaded.extract(DETAIL, "before", LATER, list_keys=True)
    loaded.in_source("DELETE FROM sales.salesorderdetail")
    assert loaded.load(DETAIL, "before", LATER) == Loaded(rows=0, written=0, deleted=0)


@HASHES
def test_databases_with_other_settings_and_encodings_write_rows_alike(loaded, own_hash):
    """Hostile values, a column with a time zone, another style of dates in the source."""
    loaded.in_source("ALTER TABLE production.product ALTER COLUMN modifieddate TYPE timestamptz")
    loaded.in_source(
        "UPDATE production.product SET name = E'a,\"b\\\\\\n é ', weight = 1.50, sellenddate = 'infinity',"
        " size = '', modifieddate = '2024-09-01 12:00+02'"
    )
    loaded.in_source("ALTER DATABASE test_source SET datestyle = 'German'")
    loaded.in_source("ALTER DATABASE test_source SET timezone = 'Asia/Tokyo'")
    result = loaded.run_day("product", DAY, list_keys=True, own_hash=own_hash)
    assert result == Loaded(rows=1, written=1, deleted=0, updated=1)
    assert result.difference == NO_DIFFERENCE
