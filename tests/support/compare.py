"""Whole comparisons: every row and every column, of the source with the staging area and of two warehouses."""

from __future__ import annotations

from collections.abc import Iterable
from io import StringIO
from typing import Any

from bikes_store.tables import STAGING_SCHEMA, TABLES, WAREHOUSE_SCHEMA, Table
from cli.database import connect, query

#: Columns that tell when a row was built, and when the rows that it was built from were staged.
WHEN_BUILT = ("built_at", "line_changed_at", "header_changed_at")
#: Columns that may differ between two runs on the same data: when a row was written, and the keys made from that.
TECHNICAL = (*WHEN_BUILT, "recorded_at", "dbt_updated_at", "dbt_scd_id")


def row_without(columns: tuple[str, ...]) -> str:
    """The SQL for a row of a table `t` as JSON, without some of its columns."""
    return f"(to_jsonb(t) - '{{{','.join(columns)}}}'::text[])"


def assert_staging_equals_source(source_dsn: str, warehouse_dsn: str) -> None:
    """Every row and column of every table of the catalogue."""
    with connect(source_dsn) as source, source.cursor() as of_source, connect(warehouse_dsn) as warehouse:
        of_staging = warehouse.cursor()
        for name, table in TABLES.items():
            expected, held = copied(of_source, table.schema, table), copied(of_staging, STAGING_SCHEMA, table)
            assert held == expected, f"{name}: {_shown(set(held) ^ set(expected))}"


def rows_of(dsn: str, schema: str, table: Table) -> list[tuple[str, ...]]:
    """The rows in the order of the key, each value as COPY writes it: 1.0 differs from 1.00, and 'a ' from 'a'."""
    with connect(dsn) as connection, connection.cursor() as cursor:
        return copied(cursor, schema, table)


def copied(cursor: Any, schema: str, table: Table) -> list[tuple[str, ...]]:
    """The same, by a cursor of the database."""
    columns = ", ".join(f'"{column}"' for column in table.columns)
    text = f'COPY (SELECT {columns} FROM {schema}."{table.name}" ORDER BY {", ".join(table.key)}) TO STDOUT'
    rows = StringIO()
    cursor.copy_expert(text, rows)
    return [tuple(line.split("\t")) for line in rows.getvalue().split("\n")[:-1]]


def built_tables(warehouse_dsn: str) -> list[str]:
    """The tables that dbt builds. The one in which it notes what it built is none of them."""
    tables = f"SELECT tablename FROM pg_tables WHERE schemaname = '{WAREHOUSE_SCHEMA}' AND tablename <> 'build_inputs'"
    return [name for (name,) in query(warehouse_dsn, tables)]


def checksums(warehouse_dsn: str, without: tuple[str, ...] = TECHNICAL) -> dict[str, str]:
    """A checksum of each table of the warehouse: of its rows in any order, without some columns."""
    sums = [
        f"SELECT '{name}', concat(count(*), ' ', sum(hashtextextended({_text(without)}, 0)))"
        f" FROM {WAREHOUSE_SCHEMA}.{name} AS t"
        for name in built_tables(warehouse_dsn)
    ]
    return dict(query(warehouse_dsn, " UNION ALL ".join(sums)))


def assert_same_warehouse(
    warehouse_dsn: str, other_dsn: str, names: Iterable[str] = (), without: tuple[str, ...] = TECHNICAL
) -> None:
    """Dimensions, facts and marts, row by row; or the tables that are named. Some columns may differ."""
    held, expected = checksums(warehouse_dsn, without), checksums(other_dsn, without)
    assert len(expected) > 20
    assert held.keys() == expected.keys()
    differ = [name for name in names or expected if held[name] != expected[name]]
    assert not differ, "\n".join(
        f"{name}: {_shown(_rows(warehouse_dsn, name, without) ^ _rows(other_dsn, name, without))}" for name in differ
    )


def _rows(dsn: str, table: str, without: tuple[str, ...]) -> set[str]:
    return {text for (text,) in query(dsn, f"SELECT {_text(without)} FROM {WAREHOUSE_SCHEMA}.{table} AS t")}


def _text(without: tuple[str, ...]) -> str:
    return f"{row_without(without)}::text"


def _shown(rows: set[Any]) -> str:
    return f"{len(rows)} rows differ, such as {sorted(map(str, rows))[:2]}"
