"""`make bench`: measure what the platform costs, and keep it in bench/results.json.

    python -m bench            measures
    python -m bench show       prints the kept results again
    python -m bench markdown   prints them as README.md has them

SCALES (default "1 10") are the sizes of the source. RUNS (default 3) is how often each is measured; the median counts.
DATAFRAME=0 leaves out the way of the DataFrame, which takes minutes at SCALE=10. It ends with exit code 0 whatever was
measured: a number is no test.
"""

from __future__ import annotations

import json
import os
import sys
from datetime import datetime, time, timedelta, timezone
from pathlib import Path
from statistics import median
from typing import Any

from rich.console import Console

from bench import machine, report
from bench.stack import measured_stack
from cli.console import run_command
from cli.errors import UserError
from cli.paths import REPOSITORY

RESULTS = REPOSITORY / "bench" / "results.json"
_HOME = REPOSITORY / ".bench"


def main() -> int:
    commands = {(): measure, ("show",): show, ("markdown",): markdown}
    if tuple(sys.argv[1:]) not in commands:
        print("usage: python -m bench [show|markdown]", file=sys.stderr)
        return 2
    return run_command(commands[tuple(sys.argv[1:])], "The benchmark stopped; this scale was not kept.")


def measure(console: Console) -> int:
    """Measure each scale, and print and keep the medians."""
    scales, runs = _numbers("SCALES", "1 10"), _numbers("RUNS", "3")[0]
    kept = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
    for scale in scales:
        measured = []
        for run in range(1, runs + 1):
            console.print(f"scale {scale}, run {run} of {runs}")
            measured.append(_measure(_HOME, scale, console))
        kept[str(scale)] = {
            "machine": machine.describe(),
            "runs": runs,
            "medians": {name: round(median(one[name] for one in measured), 2) for name in measured[0]},
        }
        RESULTS.write_text(json.dumps(kept, indent=2) + "\n")
    return show(console)


def show(console: Console) -> int:
    """Print the kept results."""
    report.show(console, _kept())
    return 0


def markdown(_: Console) -> int:
    """Print the kept results as Markdown."""
    print(report.markdown(_kept()))
    return 0


def _kept() -> dict[str, Any]:
    if not RESULTS.exists():
        raise UserError(f"There are no results yet: `make bench` writes {RESULTS.relative_to(REPOSITORY)}.")
    return json.loads(RESULTS.read_text())


def _measure(home: Path, scale: int, console: Console) -> dict[str, float]:
    seconds: dict[str, float] = {}
    today = datetime.now(timezone.utc).date()
    noon = time(12)
    with measured_stack(home, scale, seconds) as stack:
        stack.run("quiet day, full")
        stack.set_incremental(True)
        stack.run("quiet day, incremental", today - timedelta(days=2))

        day = today - timedelta(days=3)
        stack.change_rows(7, datetime.combine(day, noon))
        stack.run("1 % day", day)

        day = today - timedelta(days=4)
        stack.change_rows(8, datetime.combine(day, noon))
        build = ("build", "--resource-type", "model", "--resource-type", "snapshot")
        busy = stack.database_seconds()
        stack.rows("changes", day, database="warehouse")
        seconds["1 % day, data work of extract and load"] = stack.database_seconds() - busy
        stack.dbt(*build)
        seconds["1 % day, data work"] = stack.database_seconds() - busy
        seconds["one dbt build"] = stack.dbt("build")

        busy = stack.database_seconds()
        stack.dbt(*build, "--full-refresh")
        seconds["full day, data work"] = stack.database_seconds() - busy
        seconds["one dbt build of everything"] = stack.dbt("build", "--full-refresh")
        ways = ["copy", "ours", "lake"] + (["dataframe"] if os.environ.get("DATAFRAME", "1") != "0" else [])
        for way in ways:
            stack.empty_staging()
            busy = stack.database_seconds()
            for name, value in stack.rows(way).items():
                seconds[f"{way}, {name}"] = value
            if way == "ours":
                seconds["full day, data work of extract and load"] = stack.database_seconds() - busy
                seconds["full day, data work"] += seconds["full day, data work of extract and load"]
    for name, value in seconds.items():
        console.print(f"  {name}: {value:.1f}")
    return seconds


def _numbers(name: str, default: str) -> list[int]:
    text = os.environ.get(name) or default
    words = text.split()
    if not words or not all(word.isdigit() and int(word) > 0 for word in words):
        raise UserError(f"{name}={text} is wrong: give whole numbers above 0, as in {name}='{default}'.")
    return [int(word) for word in words]


if __name__ == "__main__":
    sys.exit(main())
