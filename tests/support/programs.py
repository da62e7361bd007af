"""Scripts that take the place of programs."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path


def write_programs(folder: Path, scripts: Mapping[str, str]) -> Path:
    """Write scripts that can be run; returns the folder, for the PATH.

    :param folder: is made if it is not there.
    :param scripts: their texts, by name.
    """
    folder.mkdir(exist_ok=True)
    for name, text in scripts.items():
        program = folder / name
        program.write_text(text)
        program.chmod(0o755)
    return folder
