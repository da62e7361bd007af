"""An object of the lake exists whole or not at all, and a load takes only what its own run wrote."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest
from smart_open.s3 import MultipartWriter

from bikes_store.errors import Unavailable
from bikes_store.lake import BUCKET, CHUNK_SIZE, Manifest, object_key, write_object
from bikes_store.tables import TABLES

COLUMNS = TABLES["salesorderdetail"].columns


def test_object_says_what_it_holds(small_source):
    manifest = small_source.extract("salesorderdetail", "run 1")
    assert manifest == Manifest(
        "sales.salesorderdetail", "run 1", "full", COLUMNS, 3, manifest.extracted_at, manifest.types
    )
    assert dict(zip(manifest.columns, manifest.types, strict=True))["carriertrackingnumber"] == "character varying(25)"
    head = small_source.s3.head_object(Bucket=BUCKET, Key="sales.salesorderdetail/run_1.csv")
    assert Manifest.from_metadata(head["Metadata"], head["LastModified"]) == manifest


@pytest.mark.parametrize("size", [10, 40 * 1024 * 1024])
def test_upload_that_fails_leaves_no_object_and_no_parts(s3, size):
    manifest = Manifest("sales.store", f"broken-{size}", "full", ("a",), 1, datetime.now(timezone.utc))
    with pytest.raises(RuntimeError), write_object(s3, manifest) as stream:
        stream.write(b"x" * size)
        raise RuntimeError("the source went away")
    assert "Contents" not in s3.list_objects_v2(Bucket=BUCKET, Prefix=f"sales.store/broken-{size}")
    uploads = s3.list_multipart_uploads(Bucket=BUCKET).get("Uploads", [])
    assert not [upload for upload in uploads if upload["Key"].startswith("sales.store/broken")]


def test_rows_reach_the_upload_in_large_pieces(s3, monkeypatch):
    write, pieces = MultipartWriter.write, []

    def counted(self, data):
        pieces.append(len(data))
        return write(self, data)

    monkeypatch.setattr(MultipartWriter, "write", counted)
    manifest = Manifest("sales.store", "pieces", "full", ("a",), 1000, datetime.now(timezone.utc))
    with write_object(s3, manifest) as stream:
        for _ in range(1000):
            stream.write(b"x" * 1000)
    assert sum(pieces) == 1_000_000
    assert len(pieces) <= 1 + 1_000_000 // CHUNK_SIZE + 1


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
