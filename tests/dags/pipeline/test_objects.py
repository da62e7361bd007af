"""An object of the lake exists whole or not at all, and a load takes only what its own run wrote."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest

from bikes_store.errors import Refused, Unavailable
from bikes_store.lake import BUCKET, Manifest, object_key, write_object
from bikes_store.tables import TABLES
from cli.database import query
from cli.processes import lake

COLUMNS = TABLES["salesorderdetail"].columns


@pytest.fixture
def loaded(small_source):
    """Staging equals the source; then the source changes, so that a load would show."""
    small_source.run()
    small_source.in_source("UPDATE sales.salesorderdetail SET orderqty = 9")
    return small_source


def unchanged(pipeline):
    quantities = query(pipeline.warehouse_dsn, "SELECT DISTINCT orderqty FROM bikes_store_staging.salesorderdetail")
    return quantities == [(1,)]


def rewrite(pipeline, run_id, change_body=lambda body: body, **metadata):
    """Write an object again with another body or other metadata, as a fault or another person might."""
    key = object_key("sales.salesorderdetail", run_id)
    found = pipeline.s3.get_object(Bucket=BUCKET, Key=key)
    body = change_body(found["Body"].read())
    pipeline.s3.put_object(Bucket=BUCKET, Key=key, Body=body, Metadata={**found["Metadata"], **metadata})


def test_object_says_what_it_holds(small_source):
    small_source.extract("salesorderdetail", "run 1")
    head = small_source.s3.head_object(Bucket=BUCKET, Key="sales.salesorderdetail/run_1.csv")
    assert Manifest.from_metadata(head["Metadata"]) == Manifest("sales.salesorderdetail", "run 1", "full", COLUMNS, 3)


@pytest.mark.parametrize(
    "cut",
    [
        lambda body: body[: body.rindex(b"\n", 0, -1) + 1],  # the last row is gone
        lambda body: body[: body.index(b"\n") + 1],  # only the header is left
        lambda body: b"",
        lambda body: body + body.split(b"\n")[1].replace(b"100,1,", b"100,4,") + b"\n",  # a row too many
    ],
)
def test_object_with_another_number_of_rows_is_refused(loaded, cut):
    loaded.extract("salesorderdetail", "r")
    rewrite(loaded, "r", cut)
    with pytest.raises(Refused, match=r"holds \d rows, but was written with 3: extract it again"):
        loaded.load("salesorderdetail", "r")
    assert unchanged(loaded)


def test_object_cut_within_a_row_is_refused(loaded):
    loaded.extract("salesorderdetail", "r")
    rewrite(loaded, "r", lambda body: body[:-30])
    with pytest.raises(Refused):
        loaded.load("salesorderdetail", "r")
    assert unchanged(loaded)


@pytest.mark.parametrize(
    ("metadata", "says"),
    [
        ({"run-id": "another"}, "belongs to sales.salesorderdetail of run another, not to this run"),
        ({"source": "sales.store"}, "belongs to sales.store of run r"),
        ({"columns": ",".join(COLUMNS[:-1])}, "staging expects salesorderid"),
        ({"columns": ",".join((*COLUMNS, "extra"))}, "staging expects salesorderid"),
        ({"rows": "three"}, "was not written by an extract task"),
    ],
)
def test_foreign_object_is_refused(loaded, metadata, says):
    loaded.extract("salesorderdetail", "r")
    rewrite(loaded, "r", **metadata)
    with pytest.raises(Refused, match=re.escape(says)):
        loaded.load("salesorderdetail", "r")
    assert unchanged(loaded)


def test_object_without_metadata_is_refused(loaded):
    loaded.s3.put_object(Bucket=BUCKET, Key=object_key("sales.salesorderdetail", "by-hand"), Body=b"a,b\n")
    with pytest.raises(Refused, match="was not written by an extract task: its metadata lacks"):
        loaded.load("salesorderdetail", "by-hand")


def test_missing_object_is_refused(loaded):
    with pytest.raises(
        Refused, match=r"s3://bikes-store/sales.salesorderdetail/none.csv does not exist: run the extract"
    ):
        loaded.load("salesorderdetail", "none")


def test_missing_bucket_is_named_in_a_sentence(small_source, monkeypatch):
    monkeypatch.setattr("bikes_store.lake.BUCKET", "no-such-bucket")
    with pytest.raises(Refused, match="Bucket no-such-bucket does not exist in the lake"):
        small_source.extract("salesorderdetail", "r")


@pytest.mark.parametrize("size", [10, 40 * 1024 * 1024])
def test_upload_that_fails_leaves_no_object_and_no_parts(s3, size):
    manifest = Manifest("sales.store", f"broken-{size}", "full", ("a",), 1)
    with pytest.raises(RuntimeError), write_object(s3, manifest) as stream:
        stream.write(b"x" * size)
        raise RuntimeError("the source went away")
    assert "Contents" not in s3.list_objects_v2(Bucket=BUCKET, Prefix=f"sales.store/broken-{size}")
    uploads = s3.list_multipart_uploads(Bucket=BUCKET).get("Uploads", [])
    assert not [upload for upload in uploads if upload["Key"].startswith("sales.store/broken")]


def test_uploads_that_killed_workers_left_are_removed(small_source, monkeypatch):
    """Its own one at once. That of another run may still be going on, until it is older than any upload."""
    s3 = small_source.s3

    def unfinished():
        return {upload["Key"] for upload in s3.list_multipart_uploads(Bucket=BUCKET).get("Uploads", [])}

    own, other = (object_key("sales.salesorderdetail", run_id) for run_id in ("killed", "other"))
    for key in (own, other):
        s3.create_multipart_upload(Bucket=BUCKET, Key=key)
    small_source.extract("salesorderdetail", "killed")
    assert unfinished() == {other}
    monkeypatch.setattr("bikes_store.lake.LONGEST_UPLOAD", timedelta(0))
    small_source.extract("salesorderdetail", "next")
    assert unfinished() == set()


def test_source_that_dies_during_the_extract_leaves_no_object(small_source):
    """The session is ended while rows are on their way."""
    small_source.in_source(
        "INSERT INTO sales.salesreason (salesreasonid, name, reasontype, modifieddate)"
        " SELECT n, 'x', 'y', now() FROM generate_series(1, 5) AS n"
    )
    small_source.in_source(
        'CREATE FUNCTION public.die() RETURNS public."Name" LANGUAGE sql VOLATILE AS'
        ' $$ SELECT pg_terminate_backend(pg_backend_pid())::text::public."Name" $$'
    )
    small_source.in_source("ALTER TABLE sales.salesreason RENAME TO kept")
    small_source.in_source(
        "CREATE VIEW sales.salesreason AS SELECT salesreasonid,"
        " CASE WHEN salesreasonid = 5 THEN public.die() ELSE name END AS name, reasontype, modifieddate FROM sales.kept"
    )
    with pytest.raises(Unavailable, match="The source went away in the middle of the work: "):
        small_source.extract("salesreason", "died")
    assert "Contents" not in small_source.s3.list_objects_v2(Bucket=BUCKET, Prefix="sales.salesreason/died")


def test_lake_out_of_reach_is_named_in_a_sentence(small_source, services, monkeypatch):
    settings = services.settings
    nowhere = lake.client(type(settings)(settings.home, {**settings.ports, "s3": 9}, settings.secrets))
    monkeypatch.setattr(small_source, "s3", nowhere)
    with pytest.raises(Unavailable, match="The lake can't be used for s3://"):
        small_source.extract("store", "r")
    with pytest.raises(Unavailable, match="The lake can't be used for s3://"):
        small_source.load("store", "r")
