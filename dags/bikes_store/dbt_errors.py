"""Models and tests of dbt whose SQL or Jinja is wrong, which a retry does not mend."""

from __future__ import annotations

import json
import re
from pathlib import Path

# dbt gives PostgreSQL's words, but no error code. A relation that does not exist is not here: another task may be
# replacing it at that moment.
_WRONG = re.compile(
    r"syntax error at"
    r"|(column|function|operator|type) .*does not exist"
    r"|is ambiguous|must appear in the GROUP BY clause"
    r"|permission denied|invalid input syntax"
    r"|^\s*Compilation Error"
)


def wrong_statements(run_results: Path) -> list[str]:
    """The errors of a dbt command that it would meet again, each with the name of its model or test.

    :param run_results: path of dbt's run_results.json. A command that was cut short leaves no such file.
    """
    if not run_results.is_file():
        return []
    results = json.loads(run_results.read_text())["results"]
    return [
        f"{result['unique_id']}: {result['message'].strip()}"
        for result in results
        if result["status"] == "error" and _WRONG.search(result["message"] or "")
    ]
