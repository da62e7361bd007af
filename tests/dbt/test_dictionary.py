"""The types in docs/data-dictionary.md are those of the database. DICTIONARY=write writes them."""

from __future__ import annotations

import os
from collections import defaultdict

from bikes_store.tables import CURRENCY, TABLES
from cli.database import query
from cli.dictionary import DOCUMENT, TYPES_SQL, reads, render, types_of


def test_types_are_those_of_the_database(shop):
    found: dict[str, dict[str, str]] = defaultdict(dict)
    for table, column, kind in query(shop.dsn, TYPES_SQL):
        found[table][column] = kind
    if os.environ.get("DICTIONARY") == "write":
        DOCUMENT.write_text(render(found))
    written = types_of(DOCUMENT.read_text())
    assert len(written) == len(TABLES) + 1 + len(reads())
    assert "int_orders_keyed" not in found and CURRENCY.name in found
    ours = {"created_at", "changed_at"}  # of every staging table
    for table, columns in written.items():
        kept = ours if table in (*TABLES, CURRENCY.name) else set()
        assert columns == {column: kind for column, kind in found[table].items() if column not in kept}, table
