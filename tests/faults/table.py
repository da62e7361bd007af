"""The table of faults. Each row is held by the tests that carry its name: ``@pytest.mark.fault("killed-copy")``.

docs/reliability.md shows the same table: ``FAULTS_TABLE=write .venv/bin/pytest tests/faults -k page`` writes it there.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

#: Tests that need a whole platform. They run by `make test-faults` only.
PLATFORM = Path(__file__).parent / "platform"


@dataclass(frozen=True)
class Fault:
    """What happens, where, and what comes of it: at once, and after the retry or the next run."""

    what: str
    where: str
    outcome: str


FAULTS: dict[str, Fault] = {
    "killed-extract": Fault("worker killed", "while rows come from the source", "x"),
    "killed-upload": Fault("worker killed", "while the object goes to the lake", "x"),
    "killed-copy": Fault("worker killed", "while rows go to the staging area", "x"),
    "killed-commit": Fault("worker killed", "between COPY and COMMIT", "x"),
    "killed-answer": Fault("worker killed", "after COMMIT, before its answer", "x"),
}


def render(results: Mapping[str, str] | None = None) -> str:
    """The table in Markdown; with ``results``, a column says what the tests of each row gave."""
    head = ["fault", "where", "outcome"] + (["tests"] if results else [])
    rows = [head, ["---"] * len(head)]
    for name, fault in FAULTS.items():
        rows.append([fault.what, fault.where, fault.outcome] + ([results[name]] if results else []))
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)
