from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from airflow.models import DagBag

from demo.settings import REPOSITORY


@pytest.fixture(scope="session")
def manifest(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """dbt's manifest, made as `make demo` makes it: without a database."""
    target = tmp_path_factory.mktemp("dbt")
    project = REPOSITORY / "dbt" / "bikes_store_warehouse"
    command = [str(Path(sys.prefix) / "bin" / "dbt"), "--quiet", "parse", "--project-dir", str(project)]
    command += ["--profiles-dir", str(project), "--target-path", str(target), "--log-path", str(target)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return target / "manifest.json"


@pytest.fixture(scope="session")
def dags(manifest: Path) -> Iterator[DagBag]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("BIKES_STORE_DBT_MANIFEST", str(manifest))
        yield DagBag(REPOSITORY / "dags", include_examples=False)
