from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta, timezone

import pytest

from bikes_store.comparison import Fingerprint
from bikes_store.lake import Manifest, object_key

MOMENT = datetime(2024, 9, 2, 0, 0, 1, 250_000, tzinfo=timezone.utc)
MANIFEST = Manifest("sales.store", "manual__2024-09-01T00:00:00+00:00", "full", ("a", "b"), 3, MOMENT)


def test_key_is_the_table_and_the_run():
    assert object_key("sales.store", MANIFEST.run_id) == "sales.store/manual__2024-09-01T00_00_00_00_00.csv"


@pytest.mark.parametrize("run_id", ["../../etc", "a b", "ü/ö", "x?y#z%20"])
def test_every_run_id_gives_a_key_inside_the_folder(run_id):
    key = object_key("sales.store", run_id)
    assert key.startswith("sales.store/")
    assert key.count("/") == 1


def test_metadata_keeps_the_whole_manifest():
    assert Manifest.from_metadata(MANIFEST.to_metadata(), MOMENT) == MANIFEST
    assert MANIFEST.to_metadata()["rows"] == "3"


def test_metadata_keeps_what_an_object_of_a_window_has():
    for held in ({"fingerprint": Fingerprint(3, -(2**64), 2**70)}, {"listed_rows": 0}, {"probe": -(2**63)}):
        manifest = replace(MANIFEST, **held)
        assert Manifest.from_metadata(manifest.to_metadata(), MOMENT) == manifest


def test_an_object_of_the_release_before_has_the_rows_of_its_list_in_the_fingerprint():
    metadata = replace(MANIFEST, fingerprint=Fingerprint(7, 1, 2)).to_metadata()
    assert Manifest.from_metadata({**metadata, "lists-keys": "yes"}, MOMENT).listed_rows == 7
    assert Manifest.from_metadata({**metadata, "lists-keys": "no"}, MOMENT).listed_rows is None


def test_metadata_keeps_the_types_of_the_columns():
    """S3 refuses metadata that is not ASCII."""
    manifest = replace(MANIFEST, types=("numeric(8,2)", "timestamp without time zone"))
    assert Manifest.from_metadata(manifest.to_metadata(), MOMENT) == manifest
    metadata = replace(MANIFEST, types=("integer", 'public."Größe"')).to_metadata()
    assert metadata["types"] == 'integer;public."Gr\\xf6\\xdfe"'


def test_an_object_is_not_newer_than_its_upload():
    """The source's clock was ahead. S3 gives whole seconds."""
    stored_at = MOMENT.replace(microsecond=0)
    assert Manifest.from_metadata(MANIFEST.to_metadata(), stored_at).extracted_at == MOMENT
    early = stored_at - timedelta(days=1)
    assert Manifest.from_metadata(MANIFEST.to_metadata(), early).extracted_at == early + timedelta(seconds=1)


def test_an_object_of_an_earlier_release_was_extracted_when_it_was_stored():
    metadata = MANIFEST.to_metadata()
    del metadata["extracted-at"]
    assert Manifest.from_metadata(metadata, MOMENT).extracted_at == MOMENT


@pytest.mark.parametrize("spoilt", [{"rows": "three"}, {"extracted-at": "today"}, {"extracted-at": "2024-09-02"}])
def test_spoilt_metadata_is_an_error(spoilt):
    with pytest.raises(ValueError, match=r"three|today|no time zone"):
        Manifest.from_metadata({**MANIFEST.to_metadata(), **spoilt}, MOMENT)


@pytest.mark.parametrize(
    "spoilt",
    [
        *({"window": "some"}, {"fingerprint": "1,2"}, {"fingerprint": "a,b,c"}),
        *({"listed-rows": "all"}, {"hash-probe": "x"}),
    ],
)
def test_a_spoilt_window_or_fingerprint_is_an_error(spoilt):
    with pytest.raises(ValueError, match=r"."):
        Manifest.from_metadata({**MANIFEST.to_metadata(), **spoilt}, MOMENT)


def test_an_object_is_full_or_covers_a_window():
    assert MANIFEST.is_full
    assert not replace(MANIFEST, window="2024-09-01T00:00:00/2024-09-02T00:00:00").is_full


def test_metadata_has_no_empty_entry():
    """Some lakes keep an empty entry, and some drop it: then an object would not be the same after a restore."""
    assert all(MANIFEST.to_metadata().values())
    assert "fingerprint" not in MANIFEST.to_metadata()
