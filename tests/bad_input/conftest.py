from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from urllib3.util import Retry

from cli.paths import REPOSITORY
from cli.processes.postgres import psql
from tests.bad_input.table import TERRAFORM_PLANS
from tests.bad_input.world import BUCKET, World
from tests.support.airflow_environment import set_airflow_environment
from tests.support.module import Module
from tests.support.pipeline import SMALL, Pipeline
from tests.support.services import Postgres, Services
from tests.support.web import Web, web_server

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


@pytest.fixture(scope="session")
def filled(postgres: Postgres, s3: S3Client) -> Pipeline:
    """A small source, and a staging area that equals it. The lake has a bucket for these tests alone."""
    source = postgres.create_database("bad_input_source")
    psql(source).run(REPOSITORY / "source" / "bikes_store" / "schema.sql")
    psql(source).run(statement=SMALL)
    warehouse = postgres.create_database("bad_input_warehouse")
    psql(warehouse).run(REPOSITORY / "warehouse" / "staging.sql")
    s3.create_bucket(Bucket=BUCKET)
    pipeline = Pipeline(source, warehouse, s3)
    pipeline.run()
    pipeline.in_staging("INSERT INTO bikes_store_staging.currency (currencycode, name) VALUES ('EUR', 'Euro')")
    return pipeline


@pytest.fixture(scope="session")
def api() -> Iterator[Web]:
    with web_server() as server:
        yield server


@pytest.fixture(scope="session")
def terraform_errors(request: pytest.FixtureRequest) -> Callable[[int], str]:
    """What `terraform plan` says of the variables of a plan of the table. Each plan is made once."""
    said: dict[int, str] = {}

    def errors(number: int) -> str:
        if number not in said:
            module: Module = request.getfixturevalue("module")
            variables = TERRAFORM_PLANS[number]
            done = module.run("plan", "-no-color", **variables)
            assert done.returncode == 1
            assert done.stderr.count("Error:") == len(variables), done.stderr
            assert not (module.folder / "terraform.tfstate").exists()
            said[number] = " ".join(done.stderr.split())
        return said[number]

    return errors


@pytest.fixture
def world(
    monkeypatch: pytest.MonkeyPatch,
    filled: Pipeline,
    services: Services,
    postgres: Postgres,
    api: Web,
    caplog: pytest.LogCaptureFixture,
    capsys: pytest.CaptureFixture[str],
    terraform_errors: Callable[[int], str],
    tmp_path: Path,
) -> World:
    set_airflow_environment(monkeypatch, filled.source_dsn, filled.warehouse_dsn, services.settings)
    monkeypatch.setattr("bikes_store.lake.BUCKET", BUCKET)
    retries = Retry(total=1, backoff_factor=0, status_forcelist=(429, 500, 502, 503, 504), raise_on_status=False)
    monkeypatch.setattr("bikes_store.currency.extract_currencies.__defaults__", ((1, 1), retries))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    made = World(
        monkeypatch, postgres, filled, api, caplog, capsys, terraform_errors, tmp_path, services.settings.secrets
    )
    made.variable("BIKES_STORE_API_URL", api.url)
    return made
