"""The disk of the warehouse is full."""

from __future__ import annotations

import pytest

from bikes_store.errors import Unavailable
from tests.faults.disk import disk_below

TABLE = "person"


@pytest.mark.fault("disk-load")
def test_disk_is_full_during_the_load(twins):
    with disk_below(twins, f"bikes_store_staging.{TABLE}") as disk:
        run_id = twins.a_day()
        before = twins.staged(TABLE)
        disk.fill()
        with pytest.raises(Unavailable, match="No space left on device"):
            twins.pipeline.run(TABLE, run_id=run_id)
        twins.assert_nothing_left()
        assert twins.staged(TABLE) == before
        disk.free()
        twins.retry("load", TABLE, run_id)
    twins.assert_right(run_id)
