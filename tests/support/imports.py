"""Which modules a Python file imports."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path


def imported(path: Path) -> Iterator[str]:
    """The names in every import of a file, those inside functions too.

    ``from cli import names`` gives ``cli.names``, which may be a module or a name in one.
    """
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path} has a relative import"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def is_in(name: str, package: str) -> bool:
    """Whether a name is a package's own, or of something in it."""
    return f"{name}.".startswith(f"{package}.")
