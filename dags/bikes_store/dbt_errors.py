"""Models and tests of dbt whose SQL or Jinja is wrong, which a retry does not mend."""

from __future__ import annotations

import re
from collections.abc import Iterable

from bikes_store.dbt_results import Result

# dbt gives PostgreSQL's words, but no error code. A relation that does not exist is not here: another task may be
# replacing it at that moment.
_WRONG = re.compile(
    r"syntax error at"
    r"|(column|function|operator|type) .*does not exist"
    r"|is ambiguous|must appear in the GROUP BY clause"
    r"|permission denied|invalid input syntax"
    r"|^\s*Compilation Error"
)


def wrong_statements(results: Iterable[Result]) -> list[str]:
    """The errors of a dbt command that it would meet again, each with the name of its model or test."""
    return [
        f"{result['unique_id']}: {result['message'].strip()}"
        for result in results
        if result["status"] == "error" and _WRONG.search(result["message"] or "")
    ]
