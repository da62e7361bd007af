"""What dbt's tests found, in words that a person can act on: which test, how many rows, the first of them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import psycopg2

from bikes_store.database import transaction
from bikes_store.dbt_results import Result
from bikes_store.errors import Unavailable

if TYPE_CHECKING:
    from psycopg2.extensions import connection as Connection

#: Under this key of XCom, the task that runs the tests leaves what they warn of.
WARNINGS = "dbt_warnings"

_EXAMPLES = 3
_SECONDS_FOR_EXAMPLES = 30
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


def find(results: Iterable[Result]) -> list[Finding] | None:
    """The tests of a dbt command that did not pass, in the order in which they ran.

    :return: None when the command ran no tests.
    """
    tests = [result for result in results if result["unique_id"].startswith(("test.", "unit_test."))]
    if not tests:
        return None
    return [_finding(result) for result in tests if result["status"] not in ("pass", "skipped")]


def with_examples(finding: Finding, connection: Connection) -> Finding:
    """The finding with the first rows that its test selects.

    When the warehouse does not give the rows, nothing is raised and the finding stays without examples.

    :param connection: of psycopg2, to the warehouse, with no transaction open; it is left that way.
    """
    if not finding.query or finding.status == "error":
        return finding
    try:
        with transaction(connection, "warehouse") as cursor:
            # A message must not wait for rows that are hard to find.
            cursor.execute(f"SET LOCAL statement_timeout = '{_SECONDS_FOR_EXAMPLES}s'")
            # Planned as a whole, like the test itself: for three rows, the planner may choose a way that never ends.
            cursor.execute(f"WITH found AS MATERIALIZED ({finding.query}) SELECT * FROM found LIMIT {_EXAMPLES}")
            columns = [column.name for column in cursor.description or ()]
            rows = cursor.fetchall()
    except (psycopg2.Error, Unavailable):
        return finding
    examples = tuple(_in_words(columns, row) for row in rows)
    return replace(finding, examples=examples)


def describe(findings: Sequence[Finding]) -> str:
    """One paragraph for each finding."""
    return "\n".join(_paragraph(finding) for finding in findings)


def _finding(result: Result) -> Finding:
    kind, _, name = result["unique_id"].partition(".")
    return Finding(
        test=_test_name(kind, name),
        status=result["status"],
        rows=result["failures"] or 0,
        message=(result["message"] or "").strip(),
        # A unit test runs on rows that are made up for it: they say nothing about the warehouse.
        query=(result["compiled_code"] or "") if kind == "test" else "",
    )


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
