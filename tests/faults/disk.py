"""A small disk below a table of the warehouse."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.faults.twins import Twins
from tests.support.needs import lack

_MOUNT = ("mount", "-t", "tmpfs", "-o", "size=8m,mode=0755", "tmpfs")


class Disk:
    """The disk that a tablespace is on."""

    def __init__(self, folder: Path) -> None:
        self._filler = folder / "filler"

    def fill(self) -> None:
        """Leave no free byte."""
        self._filler.write_bytes(b"x" * shutil.disk_usage(self._filler.parent).free)

    def free(self) -> None:
        self._filler.unlink(missing_ok=True)


@contextmanager
def disk_below(twins: Twins, table: str) -> Iterator[Disk]:
    """Move a table of the warehouse that faults happen to onto a disk of a few megabytes, and back in the end.

    Without the right to mount one, the test skips.
    """
    folder = tempfile.mkdtemp(prefix="bikes-store-disk-")  # not below pytest's folders, which the server may not enter
    try:
        if os.getuid() != 0 or subprocess.run([*_MOUNT, folder], capture_output=True).returncode != 0:
            lack("a full disk needs the right to mount a small one: run this as root, outside of a container")
        try:
            with _moved(twins, table, Path(folder)) as disk:
                yield disk
        finally:
            subprocess.run(["umount", folder], check=True)
    finally:
        Path(folder).rmdir()


@contextmanager
def _moved(twins: Twins, table: str, folder: Path) -> Iterator[Disk]:
    space = folder / "space"
    space.mkdir(mode=0o700)
    shutil.chown(space, "postgres", "postgres")
    disk = Disk(folder)
    move = f"ALTER TABLE {table} SET TABLESPACE "
    twins.execute_alone(f"CREATE TABLESPACE small LOCATION '{space}'")
    try:
        twins.execute_alone(f"VACUUM FULL {table}", twins.hurt)  # a change needs new room then
        twins.execute(twins.hurt, move + "small")
        yield disk
    finally:
        disk.free()
        twins.execute(twins.hurt, move + "pg_default")
        twins.execute_alone("DROP TABLESPACE small")
