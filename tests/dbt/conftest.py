"""A warehouse of its own for each test, built by dbt from a staging area that the test fills."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryFile

import pytest

from bikes_store.tables import TABLES
from cli.database import connect, query
from cli.paths import REPOSITORY
from cli.processes.postgres import psql
from source.fill import restore
from tests.support.real_data import write_dump
from tests.support.services import Postgres
from tests.support.warehouse import SHOP, Warehouse, point_dbt_at


@pytest.fixture(scope="session")
def target(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One target folder for all: what dbt parsed for one test serves the next."""
    return tmp_path_factory.mktemp("target")


@pytest.fixture(scope="session")
def template_dbt(postgres: Postgres) -> str:
    psql(postgres.create_database("template_dbt")).run(REPOSITORY / "warehouse" / "staging.sql")
    return "template_dbt"


@pytest.fixture
def warehouse(
    postgres: Postgres, template_dbt: str, target: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Warehouse]:
    """An empty staging area."""
    point_dbt_at(monkeypatch, postgres, "test_dbt")
    yield Warehouse(postgres.create_database("test_dbt", template_dbt), target)


@pytest.fixture(scope="session")
def real_warehouse(
    postgres: Postgres, template_dbt: str, target: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Warehouse]:
    """The real AdventureWorks in staging, and the warehouse built from it."""
    source = postgres.create_database("real_dbt_source")
    restore(psql(source), write_dump(tmp_path_factory.mktemp("dump") / "real.sql"))
    made = Warehouse(postgres.create_database("real_dbt", template_dbt), target)
    for table in TABLES.values():
        columns = ", ".join(f'"{column}"' for column in table.columns)
        with TemporaryFile() as rows, connect(source) as origin, connect(made.dsn) as goal:
            origin.cursor().copy_expert(f"COPY (SELECT {columns} FROM {table.source}) TO STDOUT", rows)
            rows.seek(0)
            goal.cursor().copy_expert(f"COPY bikes_store_staging.{table.name} ({columns}) FROM STDIN", rows)
    currencies = query(source, "SELECT currencycode, name FROM sales.currency")
    with connect(made.dsn) as goal:
        goal.cursor().executemany(
            "INSERT INTO bikes_store_staging.currency (currencycode, name) VALUES (%s, %s)", currencies
        )
    with pytest.MonkeyPatch.context() as patch:
        point_dbt_at(patch, postgres, "real_dbt")
        made.build()
    yield made


@pytest.fixture(scope="session")
def template_shop(postgres: Postgres, template_dbt: str, target: Path) -> Warehouse:
    """Two orders of a small shop, and the warehouse built from them."""
    made = Warehouse(postgres.create_database("template_shop", template_dbt), target)
    made.execute(SHOP)
    with pytest.MonkeyPatch.context() as patch:
        point_dbt_at(patch, postgres, "template_shop")
        made.run()
        made.compiled = made.compile()
    return made


@pytest.fixture
def shop(
    postgres: Postgres, template_shop: Warehouse, target: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Warehouse]:
    """A copy of the small shop and its warehouse."""
    point_dbt_at(monkeypatch, postgres, "test_dbt")
    made = Warehouse(postgres.create_database("test_dbt", "template_shop"), target, template_shop.compiled)
    yield made
    if not made.was_changed:
        return
    # Whatever the test did: what was built step by step is what a full build gives.
    if not made.is_built:
        made.run()
    made.assert_as_if_built_at_once()
