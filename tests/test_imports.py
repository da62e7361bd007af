"""Imports go one way: which room of the repository may import which."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from cli.paths import REPOSITORY
from tests.support.imports import imported, is_in

#: Each room, and the packages that its modules may import. If several rooms fit a module, the longest name counts.
MAY_IMPORT = {
    "dags": {"bikes_store"},
    "airflow": {"bikes_store"},
    # The catalogue says which tables a dump must make.
    "source": {"source", "bikes_store.tables"},
    # What both ways to run the platform share, and what is below it.
    "cli": {"cli", "source", "bikes_store"},
    "cli/processes": {"cli", "cli.processes", "source", "bikes_store"},
    "cli/containers": {"cli", "cli.containers", "source", "bikes_store"},
    # It takes secrets and images from where the stack in containers has them.
    "cli/kubernetes": {"cli", "cli.kubernetes", "cli.containers"},
    # It looks at what both ways need.
    "cli/doctor": {"cli", "cli.processes", "cli.containers"},
    # It measures the stack of processes, and what the tasks call.
    "bench": {"bench", "cli", "cli.processes", "bikes_store"},
    "tests": {"tests", "bench", "cli", "cli.processes", "cli.containers", "cli.kubernetes", "source", "bikes_store"},
}
OURS = ("bikes_store", "source", "cli", "bench", "tests")
#: A room that may import the package around these may not import these.
SEALED = ("cli.processes", "cli.containers", "cli.kubernetes")


def modules() -> Iterator[Path]:
    for room in ("airflow", "bench", "cli", "dags", "source", "tests"):
        yield from sorted((REPOSITORY / room).rglob("*.py"))


def room_of(module: Path) -> str:
    path = module.relative_to(REPOSITORY).as_posix()
    return max((room for room in MAY_IMPORT if path.startswith(f"{room}/")), key=len)


def allowed(name: str, may: set[str]) -> bool:
    if not any(is_in(name, package) for package in OURS):
        return True
    sealed = [package for package in SEALED if is_in(name, package)]
    return any(is_in(name, package) for package in (may.intersection(sealed) if sealed else may))


@pytest.mark.parametrize("module", list(modules()), ids=lambda path: path.relative_to(REPOSITORY).as_posix())
def test_a_module_imports_only_what_its_room_may(module):
    may = MAY_IMPORT[room_of(module)]
    assert [name for name in imported(module) if not allowed(name, may)] == []


def test_nothing_imports_a_conftest():
    """pytest imports them by itself; a second time would run them twice."""
    names = {path: list(imported(path)) for path in modules()}
    assert [path for path, found in names.items() if any("conftest" in name.split(".") for name in found)] == []


@pytest.mark.parametrize(
    ("room", "line", "right"),
    [
        ("dags", "from cli.errors import UserError", False),
        ("dags", "from source import fill", False),
        ("source", "from bikes_store.tables import TABLES", True),
        ("source", "from bikes_store.lake import BUCKET", False),
        ("cli", "import cli.processes.postgres", False),
        ("cli", "from cli import containers", False),
        ("cli/processes", "from cli import containers", False),
        ("cli/processes", "from cli import kubernetes", False),
        ("cli/kubernetes", "from cli.containers.images import read_pinned", True),
        ("cli/kubernetes", "from cli.processes import postgres", False),
        ("cli/processes", "from cli.errors import UserError", True),
        ("cli/containers", "from cli.processes import postgres", False),
        ("cli/containers", "import airflow", True),
    ],
)
def test_the_rule_itself(tmp_path, monkeypatch, room, line, right):
    module = tmp_path / room / "module.py"
    module.parent.mkdir(parents=True)
    module.write_text(f"def later():\n    {line}\n")
    monkeypatch.setitem(globals(), "REPOSITORY", tmp_path)
    if right:
        test_a_module_imports_only_what_its_room_may(module)
    else:
        with pytest.raises(AssertionError):
            test_a_module_imports_only_what_its_room_may(module)
