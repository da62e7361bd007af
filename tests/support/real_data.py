"""The real AdventureWorks rows, if they are beside the repository. They serve for comparison and are no part of it."""

from __future__ import annotations

import gzip
import re
from pathlib import Path

import pytest

from bikes_store.tables import TABLES
from tests.support.needs import SHARED

_SCHEMA = SHARED / "contract" / "source_schema.sql"
_ROWS = SHARED / "data" / "adventureworks"

needs_real_data = pytest.mark.skipif(
    not _ROWS.is_dir() or not _SCHEMA.is_file(), reason="the real AdventureWorks rows are not beside the repository"
)


def contract_tables() -> list[str]:
    """The tables that AdventureWorks has rows of, as ``schema.table``. The catalogue may have more."""
    return re.findall(r"CREATE TABLE (\w+\.\w+)", _SCHEMA.read_text())


def write_dump(path: Path) -> Path:
    """Write the source as pg_dump would: tables, then rows. Tables of the catalogue without real rows are empty."""
    with path.open("w", newline="") as dump:
        dump.write("SET client_encoding = 'UTF8';\n")
        dump.write(_SCHEMA.read_text())
        for name in contract_tables():
            rows = gzip.decompress((_ROWS / f"{name}.csv.gz").read_bytes()).decode()
            header, body = rows.split("\n", 1)
            columns = ", ".join(f'"{column}"' for column in header.split(","))
            dump.write(f"\nCOPY {name} ({columns}) FROM stdin (FORMAT csv);\n{body}\\.\n")
        for table in TABLES.values():
            columns = ", ".join(f'"{column}" text' for column in table.columns)
            dump.write(f"CREATE TABLE IF NOT EXISTS {table.source} ({columns});\n")
    return path
