"""The lake is away, or goes away: at the upload, at its end, at the download."""

from __future__ import annotations

import time

import pytest

from bikes_store.errors import Unavailable
from bikes_store.lake import BUCKET
from tests.faults.twins import meanwhile
from tests.support.proxy import ENDS, Point

TABLE = "person"
SOME = 100_000  # bytes; the object is more than ten times as large


@pytest.mark.fault("lake-upload")
def test_lake_goes_away_during_the_upload(twins, to_lake):
    run_id = twins.a_day()
    reached = to_lake.hold_at(Point("server", SOME))
    with meanwhile(reached, to_lake.refuse), pytest.raises(Unavailable, match="The lake can't be used for s3://"):
        twins.through(lake_port=to_lake.port).extract(TABLE, run_id)
    assert "Contents" not in twins.s3.list_objects_v2(Bucket=BUCKET, Prefix=f"person.person/{run_id}")
    twins.retry("extract", TABLE, run_id)
    twins.assert_right(run_id)


@pytest.mark.fault("lake-once")
@pytest.mark.parametrize("orderly", ENDS)
def test_one_request_is_cut_off(twins, to_lake, orderly):
    """The client of S3 sends it again; the task does not notice."""
    run_id = twins.a_day()
    reached = to_lake.cut_at(Point("server", SOME, orderly=orderly))
    twins.through(lake_port=to_lake.port).extract(TABLE, run_id)
    assert reached.is_set()
    twins.retry("load", TABLE, run_id)
    twins.assert_right(run_id)


@pytest.mark.fault("lake-answer")
@pytest.mark.parametrize("orderly", ENDS)
def test_answer_to_the_last_request_is_lost(twins, to_lake, orderly):
    """The object is complete, but nobody heard it."""
    run_id = twins.a_day()
    reached = to_lake.cut_at(Point("client", before=b"CompleteMultipartUploadResult", times=0, orderly=orderly))
    with pytest.raises(Unavailable, match=r"The lake can't be used for|The lake refused"):
        twins.through(lake_port=to_lake.port).extract(TABLE, run_id)
    assert reached.is_set()
    twins.retry("extract", TABLE, run_id)
    twins.assert_right(run_id)


@pytest.mark.fault("lake-answer")
def test_upload_is_gone_when_it_is_to_end(twins, to_lake):
    """So S3 answers a client that asks again. The error comes at once, not after a minute of more tries."""
    run_id = twins.a_day()
    reached = to_lake.hold_at(Point("server", SOME))

    def remove():
        (upload,) = twins.s3.list_multipart_uploads(Bucket=BUCKET)["Uploads"]
        twins.s3.abort_multipart_upload(Bucket=BUCKET, Key=upload["Key"], UploadId=upload["UploadId"])
        to_lake.heal()

    began = time.monotonic()
    with meanwhile(reached, remove), pytest.raises(Unavailable, match=r"The lake refused .*NoSuchUpload"):
        twins.through(lake_port=to_lake.port).extract(TABLE, run_id)
    assert time.monotonic() - began < 30
    twins.retry("extract", TABLE, run_id)
    twins.assert_right(run_id)


@pytest.mark.fault("lake-download")
@pytest.mark.parametrize("orderly", ENDS)
def test_lake_goes_away_during_the_download(twins, to_lake, orderly):
    run_id = twins.a_day()
    before = twins.staged(TABLE)
    twins.pipeline.extract(TABLE, run_id)
    reached = to_lake.cut_at(Point("client", SOME, times=0, orderly=orderly))
    with pytest.raises(Unavailable, match="The lake broke off s3://"):
        twins.through(lake_port=to_lake.port).load(TABLE, run_id)
    assert reached.is_set()
    twins.assert_nothing_left()
    assert twins.staged(TABLE) == before
    twins.retry("load", TABLE, run_id)
    twins.assert_right(run_id)


@pytest.mark.fault("lake-refused")
@pytest.mark.parametrize("step", ["extract", "load"])
def test_nobody_listens(twins, to_lake, step):
    run_id = twins.a_day()
    through = twins.through(lake_port=to_lake.port)
    if step == "load":
        through.extract(TABLE, run_id)
    to_lake.refuse()
    with pytest.raises(Unavailable, match="The lake can't be used for s3://"):
        getattr(through, step)(TABLE, run_id)
    to_lake.heal()
    twins.retry(step, TABLE, run_id)
    twins.assert_right(run_id)
