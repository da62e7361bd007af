"""A copy of this clone, for make's own commands: what they write is not written here."""

from __future__ import annotations

import shutil
from pathlib import Path

from cli.paths import REPOSITORY

# What was made here, or is of no use there. Names at the top, as other folders may have the same.
_MADE = {".git", ".venv", ".tools", ".demo", ".bench", ".test", "backups", "bench", "tests", "docs"}
_CACHES = (
    "__pycache__",
    ".*_cache",
    ".hypothesis",
    ".terraform*",
    "*.tfstate*",
    "*.tfvars*",
    "endpoints.json",
    "given.json",
)
_TOOLS = (".venv", ".tools")


def copy_clone(home: Path) -> Path:
    """Copy what the commands of the demo read. Packages and tools are those of this clone."""
    caches = shutil.ignore_patterns(*_CACHES, "target", "logs")

    def leave_out(folder: str, names: list[str]) -> set[str]:
        return caches(folder, names) | (_MADE & set(names) if Path(folder) == REPOSITORY else set())

    shutil.copytree(REPOSITORY, home, ignore=leave_out)
    for tool in _TOOLS:
        (home / tool).symlink_to(REPOSITORY / tool)
    (home / ".demo").mkdir()
    return home
