"""Where this machine has the programs of PostgreSQL.

Nothing but Python's own library, from 3.8 on: `make doctor` runs before anything is installed.
"""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

from cli.errors import UserError

#: The releases that the demo runs on: the first, and the one after the last. cli/bootstrap.sh reads this line.
SUPPORTED = range(14, 19)

_PROGRAMS = ("initdb", "postgres", "psql")
_SECONDS = 5


def find_binaries(root: Path = Path("/"), path: str | None = None) -> Path:
    """The folder with initdb, postgres and psql of the newest supported release that is installed.

    :param root: of the file system.
    :param path: the folders to look through, as PATH has them; None for PATH itself.
    :raises UserError: when there is none; the message says how to install one.
    """
    candidates = [root / f"usr/lib/postgresql/{release}/bin" for release in reversed(SUPPORTED)]  # Debian, Ubuntu
    candidates += [root / f"usr/pgsql-{release}/bin" for release in reversed(SUPPORTED)]  # Fedora and its relatives
    if on_path := shutil.which("postgres", path=path):
        candidates.append(Path(on_path).resolve().parent)
    for folder in candidates:
        if all((folder / name).exists() for name in _PROGRAMS) and release_of(folder) in SUPPORTED:
            return folder
    raise UserError(
        f"PostgreSQL {SUPPORTED[0]} to {SUPPORTED[-1]} is not installed: on Debian or Ubuntu run"
        " `sudo apt-get install postgresql`, elsewhere install the server and have `postgres` on the PATH."
    )


def release_of(folder: Path) -> int:
    """The release of the server in a folder, such as 15; 0 when it does not say."""
    try:
        done = subprocess.run([str(folder / "postgres"), "--version"], capture_output=True, text=True, timeout=_SECONDS)
    except (OSError, subprocess.SubprocessError):
        return 0
    words = done.stdout.split()  # postgres (PostgreSQL) 15.14 (Debian 15.14-0+deb12u1)
    return int(words[2].split(".")[0]) if len(words) > 2 and words[2][:2].isdigit() else 0
