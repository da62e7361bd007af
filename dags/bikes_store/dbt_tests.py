"""What dbt's tests found, told so that a person can act: which test, how many rows, the first of them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from psycopg2.extensions import connection as Connection

_EXAMPLES = 3
_LONGEST_EXAMPLE = 160


@dataclass(frozen=True)
class Finding:
    """A test that did not pass. ``status`` is dbt's: fail, warn, or error where the test itself could not run."""

    test: str
    status: str
    rows: int
    message: str
    query: str
    examples: tuple[str, ...] = ()


def ran_tests(run_results: Path) -> bool:
    """Whether a dbt command ran tests; one that was cut short has told nothing."""
    return run_results.is_file() and any(
        result["unique_id"].startswith(("test.", "unit_test."))
        for result in json.loads(run_results.read_text())["results"]
    )


def read_findings(run_results: Path) -> list[Finding]:
    """The tests of a dbt run that did not pass, in the order in which they ran.

    :param run_results: dbt's run_results.json.
        https://docs.getdbt.com/reference/artifacts/run-results-json
    """
    findings = []
    for result in json.loads(run_results.read_text())["results"]:
        kind, _, name = result["unique_id"].partition(".")
        if kind not in ("test", "unit_test") or result["status"] in ("pass", "skipped"):
            continue
        findings.append(
            Finding(
                test=_test_name(kind, name),
                status=result["status"],
                rows=result["failures"] or 0,
                message=(result["message"] or "").strip(),
                # What a unit test runs are rows made up for it: they say nothing of the warehouse.
                query=(result["compiled_code"] or "") if kind == "test" else "",
            )
        )
    return findings


def with_examples(finding: Finding, connection: Connection) -> Finding:
    """The finding with the first rows that its test selects.

    Nothing is raised when they can't be had: what dbt found is told without them.
    """
    import psycopg2

    if not finding.query or finding.status == "error":
        return finding
    try:
        with connection, connection.cursor() as cursor:
            cursor.execute(f"SELECT * FROM ({finding.query}) AS found LIMIT {_EXAMPLES}")
            columns = [column.name for column in cursor.description or ()]
            rows = cursor.fetchall()
    except psycopg2.Error:
        return finding
    examples = tuple(_in_words(columns, row) for row in rows)
    return Finding(finding.test, finding.status, finding.rows, finding.message, finding.query, examples)


def describe(findings: Sequence[Finding]) -> str:
    """One paragraph a test."""
    return "\n".join(_paragraph(finding) for finding in findings)


def _paragraph(finding: Finding) -> str:
    if finding.status == "error" or not finding.query:
        return f"{finding.test}: {finding.message}"
    rows = f"{finding.rows} row{'' if finding.rows == 1 else 's'}"
    if not finding.examples:
        return f"{finding.test}: {rows}"
    first = "\n".join(f"  {example}" for example in finding.examples)
    return f"{finding.test}: {rows}, the first:\n{first}"


def _in_words(columns: Sequence[str], row: Sequence[Any]) -> str:
    text = ", ".join(f"{column}={value}" for column, value in zip(columns, row, strict=True))
    return text if len(text) <= _LONGEST_EXAMPLE else f"{text[:_LONGEST_EXAMPLE]}…"


def _test_name(kind: str, name: str) -> str:
    """`project.name.hash` of a data test, `project.model.name` of a unit test."""
    parts = name.split(".")
    return ".".join(parts[1:]) if kind == "unit_test" else parts[1]
