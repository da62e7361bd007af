"""The disk of the warehouse is full."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from bikes_store.errors import Unavailable
from tests.faults.twins import Twins
from tests.support.needs import lack

TABLE = "person"
_MOUNT = ("mount", "-t", "tmpfs", "-o", "size=8m,mode=0755", "tmpfs")


@dataclass
class Disk:
    """A tablespace on a disk of its own, which holds the table."""

    filler: Path

    def fill(self) -> None:
        """Leave no free byte."""
        self.filler.write_bytes(b"x" * shutil.disk_usage(self.filler.parent).free)

    def free(self) -> None:
        self.filler.unlink(missing_ok=True)


@pytest.fixture
def disk(twins: Twins) -> Iterator[Disk]:
    folder = tempfile.mkdtemp(prefix="bikes-store-disk-")  # not below pytest's folders, which the server may not enter
    try:
        if os.getuid() != 0 or subprocess.run([*_MOUNT, folder], capture_output=True).returncode != 0:
            lack("a full disk needs the right to mount a small one: run this as root, outside of a container")
        try:
            yield from _tablespace(twins, Path(folder))
        finally:
            subprocess.run(["umount", folder], check=True)
    finally:
        Path(folder).rmdir()


def _tablespace(twins: Twins, folder: Path) -> Iterator[Disk]:
    space = folder / "space"
    space.mkdir(mode=0o700)
    shutil.chown(space, "postgres", "postgres")
    made = Disk(folder / "filler")
    move = f"ALTER TABLE bikes_store_staging.{TABLE} SET TABLESPACE "
    twins.execute_alone(f"CREATE TABLESPACE small LOCATION '{space}'")
    try:
        twins.execute_alone(f"VACUUM FULL bikes_store_staging.{TABLE}", twins.hurt)  # a change needs new room then
        twins.execute(twins.hurt, move + "small")
        yield made
    finally:
        made.free()
        twins.execute(twins.hurt, move + "pg_default")
        twins.execute_alone("DROP TABLESPACE small")


@pytest.mark.fault("disk-load")
def test_disk_is_full_during_the_load(twins, disk):
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
