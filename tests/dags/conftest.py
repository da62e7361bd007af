from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from airflow.models import DagBag

from cli.paths import REPOSITORY
from cli.processes import airflow
from cli.processes.settings import Settings, generate_secrets
from tests.support.ports import free_ports


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
