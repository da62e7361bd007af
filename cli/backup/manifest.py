"""manifest.json: what a backup holds, and what wrote it. A folder without one is no backup."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from cli.backup.database import Contents
from cli.backup.files import open_private, sha256
from cli.errors import UserError

FILE = "manifest.json"
_FORMAT = 1


@dataclass(frozen=True)
class Manifest:
    """What a backup holds.

    ``made_at`` is the moment in UTC, in ISO 8601. ``postgres`` and ``contents`` are by database: the server's release,
    and what each table holds. ``airflow`` is Airflow's release, ``revision`` that of its tables (Alembic's; empty if
    they were not made yet). ``objects`` and ``object_bytes`` are by bucket. ``files`` is name => [bytes, SHA-256].
    """

    made_at: str
    airflow: str
    revision: str
    postgres: dict[str, int]
    contents: dict[str, Contents]
    objects: dict[str, int]
    object_bytes: dict[str, int]
    database_bytes: dict[str, int]
    files: dict[str, list[Any]]

    def write(self, folder: Path) -> None:
        """Write it to a backup's folder, as the last file."""
        with open_private(folder / FILE) as file:
            file.write((json.dumps({"format": _FORMAT, **asdict(self)}, indent=1) + "\n").encode())

    @classmethod
    def read(cls, folder: Path) -> Manifest:
        """Read the manifest of a backup, and check every file that it lists.

        :raises UserError: when the folder is no backup, or a file is missing or differs.
        """
        try:
            content = json.loads((folder / FILE).read_text())
            if content.pop("format") != _FORMAT:
                raise UserError(f"{folder} was made by another release of this repository: restore it with that one.")
            manifest = cls(**content)
        except FileNotFoundError:
            raise UserError(f"{folder} is no backup: it has no {FILE}. `make backup` makes one.") from None
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise UserError(f"{folder / FILE} is not what `make backup` wrote: {error}.") from None
        for name, (size, checksum) in manifest.files.items():
            path = folder / name
            if not path.is_file() or path.stat().st_size != size or sha256(path) != checksum:
                raise UserError(f"{path} is missing or differs from what was backed up: take another backup.")
        return manifest


def describe(folder: Path, *names: str) -> dict[str, list[Any]]:
    """Name => [bytes, SHA-256], of files in a folder."""
    return {name: [(folder / name).stat().st_size, sha256(folder / name)] for name in names}
