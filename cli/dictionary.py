"""The data dictionary, docs/data-dictionary.md: every table of the warehouse with its columns.

    python -m cli.dictionary

Descriptions and tests are those of dbt's YAML, keys those of the catalogue. Types are those of the database, which this
command can't ask: it keeps what the document has. `DICTIONARY=write .venv/bin/pytest tests/dbt/test_dictionary.py` asks
a warehouse that it builds, and writes them.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator, Mapping
from typing import Any

import yaml

from bikes_store.tables import CURRENCY, STAGED, STAGING_SCHEMA, WAREHOUSE_SCHEMA, Table
from cli.paths import DBT_PROJECT, REPOSITORY

DOCUMENT = REPOSITORY / "docs" / "data-dictionary.md"

#: Table => column => type, as PostgreSQL writes it.
Types = Mapping[str, Mapping[str, str]]

#: What :func:`read_types` asks the database.
TYPES_SQL = f"""
    SELECT relname, attname, format_type(atttypid, atttypmod)
    FROM pg_attribute JOIN pg_class ON pg_class.oid = attrelid
    WHERE relnamespace IN ('{STAGING_SCHEMA}'::regnamespace, '{WAREHOUSE_SCHEMA}'::regnamespace)
    AND relkind = 'r' AND attnum > 0 AND NOT attisdropped
"""

_HEAD = """# Data dictionary

Every table of the warehouse, with its columns. This page is generated: descriptions and tests come from the YAML beside
dbt's models, keys from [the catalogue](../dags/bikes_store/tables.py), types from the database.
[CONTRIBUTING.md](../CONTRIBUTING.md#a-column) says how to write it again.

The same, as the database has it now, is in Airflow's menu: Browse, dbt Docs. How the tables depend on each other is
drawn on the demo's page `.demo/lineage.html`.

"""
_STAGING = f"""The schema `{STAGING_SCHEMA}`: copies of the source's tables. In bold: the key. Each table has two more
columns: `created_at`, when a row first arrived, and `changed_at`, when it was last written.
"""
_TESTS = """## Tests of several tables

Each is a query in [dbt/bikes_store_warehouse/tests](../dbt/bikes_store_warehouse/tests) that must find nothing.
"""
_ROOMS = {
    "dimensions": "What facts refer to. A dimension with `dbt_valid_from` keeps its history: a row for each version.",
    "intermediate": "Steps to `fact_order`: parts of its one statement, which leave no table in the database.",
    "facts": "What happened, a row for each event.",
    "marts": "What dashboards read, ready to be shown.",
}
_REFERENCE = re.compile(r"\bref\(\s*'(\w+)'\s*\)|\bsource\(\s*'\w+',\s*'(\w+)'\s*\)")
_ROW = re.compile(r"^\| \**`(\w+)`\** \| ([^|]*) \|")
_NONE = "–"


def main() -> int:
    """Write the page, with the types that it has; returns the exit code."""
    DOCUMENT.write_text(render(types_of(DOCUMENT.read_text() if DOCUMENT.exists() else "")))
    return 0


def types_of(document: str) -> Types:
    """The types that a data dictionary has."""
    found: dict[str, dict[str, str]] = {}
    table: dict[str, str] = {}
    for line in document.splitlines():
        if line.startswith("### "):
            table = found.setdefault(line.removeprefix("### "), {})
        elif (row := _ROW.match(line)) and row[2] != _NONE:
            table[row[1]] = row[2]
    return found


def reads() -> dict[str, list[str]]:
    """Each model => the models and staging tables that it reads, by name."""
    return {
        file.stem: sorted({model or table for model, table in _REFERENCE.findall(file.read_text())})
        for folder in ("models", "snapshots")
        for file in sorted((DBT_PROJECT / folder).rglob("*.sql"))
    }


def dashboards() -> dict[str, list[str]]:
    """Each dashboard => the tables that it reads."""
    content = yaml.safe_load((DBT_PROJECT / "models" / "exposures.yml").read_text())
    return {each["label"]: [_name(name) for name in each.get("depends_on", [])] for each in content["exposures"]}


def render(types: Types) -> str:
    """The whole document."""
    read, shown = reads(), dashboards()
    readers = {name: sorted(other for other, tables in read.items() if name in tables) for name in _all_names(read)}
    parts = [_HEAD, *_contents(read), "## Staging area\n\n", _STAGING]
    for table in STAGED.values():
        parts.append("\n" + "\n".join(_staging_table(table, types.get(table.name, {}), readers[table.name])) + "\n")
    for room, about in _ROOMS.items():
        parts.append(f"\n## {room.capitalize()}\n\n{about}\n")
        for model in _models(room):
            name = model["name"]
            labels = [label for label, tables in shown.items() if name in tables]
            lines = _model(model, types.get(name, {}), read[name], readers[name], labels)
            parts.append("\n" + "\n".join(lines) + "\n")
    parts.append("\n" + "\n".join(_tests_of_several()) + "\n")
    return "".join(parts)


def _all_names(read: Mapping[str, list[str]]) -> list[str]:
    return [*STAGED, *read]


def _contents(read: Mapping[str, list[str]]) -> Iterator[str]:
    yield f"- [Staging area](#staging-area): {_links([*STAGED])}\n"
    for room in _ROOMS:
        yield f"- [{room.capitalize()}](#{room}): {_links([model['name'] for model in _models(room)])}\n"
    yield "- [Tests of several tables](#tests-of-several-tables)\n\n"


def _staging_table(table: Table, types: Mapping[str, str], readers: list[str]) -> Iterator[str]:
    origin = "the currency API" if table is CURRENCY else f"`{table.source}` of the source"
    yield f"### {table.name}\n"
    yield f"From {origin}. Read by {_links(readers)}.\n" if readers else f"From {origin}. No model reads it.\n"
    yield "| column | type |"
    yield "|---|---|"
    for column in table.columns:
        name = f"**`{column}`**" if column in table.key else f"`{column}`"
        yield f"| {name} | {types.get(column, _NONE)} |"


def _model(
    model: dict[str, Any], types: Mapping[str, str], read: list[str], readers: list[str], labels: list[str]
) -> Iterator[str]:
    yield f"### {model['name']}\n"
    yield f"{_cell(model['description'])}\n"
    flow = [f"Reads {_links(read)}.", f"Read by {_links(readers)}." if readers else ""]
    flow += [f"Shown on the dashboard {label}." for label in labels]
    yield " ".join(filter(None, flow)) + "\n"
    if columns := model.get("columns", []):
        yield "| column | type | what it is | tests |"
        yield "|---|---|---|---|"
    for column in columns:
        tests = ", ".join(_column_test(*_split(test)) for test in column.get("data_tests", []))
        kind = types.get(column["name"], _NONE)
        yield f"| `{column['name']}` | {kind} | {_cell(column['description'])} | {tests} |"
    if of_table := [_table_test(*_split(test)) for test in model.get("data_tests", [])]:
        yield "\nTests of the whole table:\n"
        yield from (f"- {test}" for test in of_table)


def _split(test: Any) -> tuple[str, dict[str, Any], dict[str, Any]]:
    """A test of dbt's YAML: its kind, its arguments, its configuration."""
    if isinstance(test, str):
        return test, {}, {}
    ((kind, body),) = test.items()
    return kind, body.get("arguments", {}), body.get("config", {})


def _column_test(kind: str, arguments: Mapping[str, Any], config: Mapping[str, Any]) -> str:
    words = kind.replace("_", " ")
    if kind == "relationships":
        words = f"in {_links([_name(arguments['to'])])}"
    elif kind == "accepted_values":
        words = f"one of {', '.join(f'`{value}`' for value in arguments['values'])}"
    if condition := config.get("where"):
        words += f" where `{condition}`"
    return words + (" (warns)" if config.get("severity") == "warn" else "")


def _table_test(kind: str, arguments: Mapping[str, Any], config: Mapping[str, Any]) -> str:
    if kind == "unique_together":
        return f"no two rows have the same {', '.join(f'`{column}`' for column in arguments['columns'])}"
    if kind == "expression_holds":
        return f"`{arguments['expression']}` holds"
    if kind == "sums_agree":
        column, other = arguments["other_column"], _links([_name(arguments["other"])])
        what = f"the rows of {other}" if column == "1" else f"the sum of `{column}` in {other}"
        return f"the sum of `{arguments['column']}` equals {what}"
    return kind.replace("_", " ")


def _tests_of_several() -> Iterator[str]:
    yield _TESTS
    for file in sorted((DBT_PROJECT / "tests").glob("*.sql")):
        comment = []
        for line in file.read_text().splitlines():
            if not line.startswith("--"):
                break
            comment.append(line.removeprefix("--").strip())
        yield f"- `{file.stem}`: {_cell(' '.join(comment))}"


def _models(room: str) -> list[dict[str, Any]]:
    """The descriptions of a folder's models, by name. A snapshot is a dimension with history."""
    folders = [DBT_PROJECT / "models" / room, *([DBT_PROJECT / "snapshots"] if room == "dimensions" else [])]
    found = []
    for folder in folders:
        for file in folder.glob("*.yml"):
            content = yaml.safe_load(file.read_text())
            found += [*content.get("models", []), *content.get("snapshots", [])]
    return sorted(found, key=lambda model: str(model["name"]))


def _links(names: list[str]) -> str:
    return ", ".join(f"[{name}](#{name})" for name in names)


def _name(reference: str) -> str:
    """The table in ``ref('table')``."""
    found = _REFERENCE.fullmatch(reference)
    if found is None:
        raise ValueError(f"a test of dbt refers to {reference}, which is no ref('table')")
    return found[1] or found[2]


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


if __name__ == "__main__":
    sys.exit(main())
