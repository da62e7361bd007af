"""Run the generator, and ask the database that it filled."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from typing import Any

from cli.paths import REPOSITORY
from cli.processes import postgres

FOLDER = REPOSITORY / "source" / "bikes_store"
CURRENCIES = (REPOSITORY / "source" / "currency_api" / "currencies.json").read_text("utf-8")

SCHEMAS = "'person', 'humanresources', 'production', 'purchasing', 'sales'"


def run_psql(dsn: str, *arguments: str, options: str = "") -> subprocess.CompletedProcess[str]:
    """Run psql, with ``options`` for its session such as ``-c work_mem=1MB``."""
    psql = postgres.find_binaries() / "psql"
    environment = {"PGOPTIONS": options, "LC_ALL": "C.UTF-8", "PATH": "/usr/bin:/bin"}
    command = [str(psql), "-X", "-d", dsn, *arguments]
    return subprocess.run(command, capture_output=True, text=True, env=environment, timeout=300)


def make_tables(dsn: str) -> None:
    """Run schema.sql."""
    done = run_psql(dsn, "-q", "-v", "ON_ERROR_STOP=1", "-f", str(FOLDER / "schema.sql"))
    assert done.returncode == 0, done.stderr


def run_generator(
    dsn: str, variables: Mapping[str, str] | None = None, options: str = ""
) -> subprocess.CompletedProcess[str]:
    """Run generate.sql. Without variables, it gets the currencies of the service and no scale, so scale 1."""
    variables = {"currencies": CURRENCIES} if variables is None else variables
    settings = [text for name, value in variables.items() for text in ("-v", f"{name}={value}")]
    return run_psql(dsn, *settings, "-f", str(FOLDER / "generate.sql"), options=options)


def rows(dsn: str, text: str) -> list[tuple[Any, ...]]:
    """The rows of a query."""
    return postgres.query(dsn, text)


def value(dsn: str, text: str) -> Any:
    """The only value of a query."""
    ((found,),) = rows(dsn, text)
    return found


def tables(dsn: str) -> list[str]:
    """All tables of the source, with their schema."""
    text = f"SELECT schemaname || '.' || tablename FROM pg_tables WHERE schemaname IN ({SCHEMAS}) ORDER BY 1"
    return [name for (name,) in rows(dsn, text)]


def counts(dsn: str) -> dict[str, int]:
    """The number of rows of each table."""
    return {name: value(dsn, f"SELECT count(*) FROM {name}") for name in tables(dsn)}


def checksums(dsn: str) -> dict[str, str]:
    """A checksum of each table. It changes with any value, but not with the order of the rows."""
    text = "SELECT sum(hashtextextended(t::text, 0))::text FROM {} AS t"
    return {name: value(dsn, text.format(name)) for name in tables(dsn)}


def null_counts(dsn: str) -> dict[str, int]:
    """The number of nulls in each column with nulls, by ``table.column``."""
    found = {}
    columns = rows(
        dsn,
        "SELECT table_schema || '.' || table_name, array_agg(column_name::text) FROM information_schema.columns"
        f" WHERE table_schema IN ({SCHEMAS}) GROUP BY 1",
    )
    for table, names in columns:
        nulls = ", ".join(f'count(*) - count("{name}")' for name in names)
        ((*numbers,),) = rows(dsn, f"SELECT {nulls} FROM {table}")
        found.update({f"{table}.{name}": number for name, number in zip(names, numbers, strict=True) if number})
    return found
