"""What a dbt command leaves about the models and tests that it ran."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

#: One model or test, as dbt writes it: https://docs.getdbt.com/reference/artifacts/run-results-json
Result = dict[str, Any]


def read_results(project_directory: Path) -> list[Result]:
    """All results of the last command in a dbt project. A command that was cut short leaves none."""
    file = project_directory / "target" / "run_results.json"
    if not file.is_file():
        return []
    results: list[Result] = json.loads(file.read_text())["results"]
    return results
