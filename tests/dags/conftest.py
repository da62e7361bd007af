from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from airflow.models import DagBag

from cli.paths import REPOSITORY
from cli.processes import airflow
from cli.processes.postgres import psql
from cli.processes.settings import Settings, generate_secrets
from tests.support.airflow_environment import set_airflow_environment
from tests.support.ports import free_ports
from tests.support.services import Postgres, Services

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


@pytest.fixture(scope="session")
def manifest(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """dbt's manifest, made as `make demo` makes it: without a database."""
    settings = Settings(tmp_path_factory.mktemp("dbt"), free_ports(), generate_secrets())
    airflow.parse_dbt_project(settings)
    return airflow.dbt_manifest(settings)


@pytest.fixture(scope="session")
def dags(manifest: Path) -> Iterator[DagBag]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("BIKES_STORE_DBT_MANIFEST", str(manifest))
        yield DagBag(REPOSITORY / "dags", include_examples=False)


@pytest.fixture(scope="module")
def databases(postgres: Postgres) -> tuple[str, str]:
    """DSNs of a source with two ship methods and of a warehouse with an empty staging area."""
    source = postgres.create_database("tasks_source")
    psql(source).run(REPOSITORY / "source" / "bikes_store" / "schema.sql")
    warehouse = postgres.create_database("tasks_warehouse")
    psql(warehouse).run(REPOSITORY / "warehouse" / "staging.sql")
    psql(source).run(
        statement="INSERT INTO purchasing.shipmethod (shipmethodid, name, shipbase, shiprate, modifieddate)"
        " VALUES (1, 'POST', 1, 1, '2024-09-01 10:00'), (2, 'SHIP', 1, 1, '2024-08-01')",
    )
    return source, warehouse


@pytest.fixture
def airflow_environment(
    databases: tuple[str, str], services: Services, s3: S3Client, monkeypatch: pytest.MonkeyPatch
) -> pytest.MonkeyPatch:
    """Airflow's connections and variables, in the environment; a test may change them."""
    set_airflow_environment(monkeypatch, *databases, services.settings)
    return monkeypatch
