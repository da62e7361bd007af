"""The table of a benchmark: on the screen, and as Markdown for the README."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.table import Table

Medians = Mapping[str, float]
Results = Mapping[str, Mapping[str, Any]]


def _sum(*names: str) -> Callable[[Medians], float]:
    return lambda medians: sum(medians[name] for name in names)


def _ratio(name: str, of: str) -> Callable[[Medians], float]:
    return lambda medians: medians[name] / medians[of]


def _seconds(value: float) -> str:
    return f"{value:,.1f} s" if value < 100 else f"{value:,.0f} s"


def _times(value: float) -> str:
    return f"{value:.2f} x"


def _percent(value: float) -> str:
    return f"{100 * value:.0f} %"


def _megabytes(value: float) -> str:
    return f"{value:,.0f} MB"


# What is shown: the name of a row, how it follows from the medians, and how its value is written.
_ROWS: Sequence[tuple[str, Callable[[Medians], float], Callable[[float], str]]] = (
    ("`make demo EXIT=1`: start, both DAGs, report, stop", _sum("start, both DAGs, report, stop"), _seconds),
    ("services up, source filled, Airflow healthy", _sum("services up, source filled, Airflow healthy"), _seconds),
    ("first day: staging DAG, 39 tasks", _sum("first day, staging DAG"), _seconds),
    ("first day: warehouse DAG, a task a model, all tests", _sum("first day, warehouse DAG"), _seconds),
    ("one `dbt build` that builds all the same", _sum("one dbt build of everything"), _seconds),
    (
        "first day: warehouse DAG : `dbt build`",
        _ratio("first day, warehouse DAG", "one dbt build of everything"),
        _times,
    ),
    ("one `dbt build` on a quiet day", _sum("one dbt build"), _seconds),
    ("warehouse DAG : `dbt build`, on a quiet day", _ratio("quiet day, full, warehouse DAG", "one dbt build"), _times),
    (
        "a day without changes, full mode: both DAGs",
        _sum("quiet day, full, staging DAG", "quiet day, full, warehouse DAG"),
        _seconds,
    ),
    (
        "the same, incremental",
        _sum("quiet day, incremental, staging DAG", "quiet day, incremental, warehouse DAG"),
        _seconds,
    ),
    ("a day with 1 % changed orders: both DAGs", _sum("1 % day, staging DAG", "1 % day, warehouse DAG"), _seconds),
    (
        "its data work : that of a full day, as PostgreSQL's busy time",
        _ratio("1 % day, data work", "full day, data work"),
        _percent,
    ),
    ("18 tables by a pipe from COPY to COPY: the limit", _sum("copy, seconds"), _seconds),
    ("the same through the lake, as the tasks do", _sum("ours, seconds"), _seconds),
    ("ours : limit", _ratio("ours, seconds", "copy, seconds"), _times),
    ("the lake's share of ours: its objects read and written", _sum("lake, seconds"), _seconds),
    ("memory of ours", _sum("ours, megabytes"), _megabytes),
    ("the same by pandas and an upsert by row", _sum("dataframe, seconds"), _seconds),
    ("memory of that", _sum("dataframe, megabytes"), _megabytes),
)


def cells(results: Results) -> list[list[str]]:
    """The table: a row's name, then its value at each scale; a dash where it was not measured."""
    return [[name, *(_cell(of, form, results[scale]["medians"]) for scale in results)] for name, of, form in _ROWS]


def markdown(results: Results) -> str:
    """The table as Markdown, with the machine below it."""
    heads = ["", *(_head(scale, results) for scale in results)]
    lines = [heads, ["---", *("---:" for _ in results)], *cells(results)]
    table = "\n".join("| " + " | ".join(line).strip() + " |" for line in lines)
    return f"{table}\n\n{_machines(results)}"


def show(console: Console, results: Results) -> None:
    """Print the table."""
    table = Table("", *(_head(scale, results) for scale in results))
    for column in table.columns[1:]:
        column.justify = "right"
    for line in cells(results):
        table.add_row(*(cell.replace("`", "") for cell in line))
    console.print(table)
    console.print(_machines(results))


def _head(scale: str, results: Results) -> str:
    runs = results[scale]["runs"]
    return f"SCALE={scale}" + (f", median of {runs}" if runs > 1 else ", once")


def _cell(of: Callable[[Medians], float], form: Callable[[float], str], medians: Medians) -> str:
    try:
        return form(of(medians))
    except KeyError:
        return "–"


def _machines(results: Results) -> str:
    """What each scale was measured on: once for all, unless that differs."""
    scales: dict[str, list[str]] = {}
    for scale, result in results.items():
        scales.setdefault(_machine(result["machine"]), []).append(f"SCALE={scale}")
    if len(scales) == 1:
        return next(iter(scales))
    return "\n".join(f"- {', '.join(measured)}: {machine}" for machine, measured in scales.items())


def _machine(machine: dict[str, Any]) -> str:
    versions = (
        f"Python {machine['python']}, PostgreSQL {machine['postgresql']}, Airflow {machine['apache-airflow']},"
        f" Cosmos {machine['astronomer-cosmos']}, dbt {machine['dbt-core']}"
    )
    return f"{machine['cores']} cores of {machine['processor']}, {machine['memory_gb']} GB; {versions}."
