from __future__ import annotations

from dataclasses import replace

import pytest

from bikes_store.lake import Manifest, object_key

MANIFEST = Manifest("sales.store", "manual__2024-09-01T00:00:00+00:00", "full", ("a", "b"), 3)


def test_key_is_the_table_and_the_run():
    assert object_key("sales.store", MANIFEST.run_id) == "sales.store/manual__2024-09-01T00_00_00_00_00.csv"


@pytest.mark.parametrize("run_id", ["../../etc", "a b", "ü/ö", "x?y#z%20"])
def test_every_run_id_gives_a_key_inside_the_folder(run_id):
    key = object_key("sales.store", run_id)
    assert key.startswith("sales.store/")
    assert key.count("/") == 1


def test_metadata_keeps_the_whole_manifest():
    assert Manifest.from_metadata(MANIFEST.to_metadata()) == MANIFEST
    assert MANIFEST.to_metadata()["rows"] == "3"


def test_an_object_is_full_or_covers_a_window():
    assert MANIFEST.is_full
    assert not replace(MANIFEST, window="2024-09-01T00:00:00/2024-09-02T00:00:00").is_full
