from __future__ import annotations

import pytest

from bikes_store.lake import Manifest, folder, object_key

MANIFEST = Manifest("sales.store", "manual__2024-09-01T00:00:00+00:00", "full", ("a", "b"), 3)


def test_key_is_the_table_and_the_run():
    assert folder("sales.store") == "s3://bikes-store/sales.store"
    assert object_key("sales.store", MANIFEST.run_id) == "sales.store/manual__2024-09-01T00_00_00_00_00.csv"


@pytest.mark.parametrize("run_id", ["../../etc", "a b", "ü/ö", "x?y#z%20"])
def test_no_run_id_leaves_the_folder(run_id):
    key = object_key("sales.store", run_id)
    assert key.startswith("sales.store/")
    assert key.count("/") == 1


def test_metadata_says_all_of_it():
    assert Manifest.from_metadata(MANIFEST.to_metadata()) == MANIFEST
    assert MANIFEST.to_metadata()["rows"] == "3"
