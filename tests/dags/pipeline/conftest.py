"""For each test: a source and a staging area of its own, a lake, and a way to run the pipeline between them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from cli.paths import REPOSITORY
from cli.processes.postgres import psql
from tests.support.pipeline import SMALL, Pipeline
from tests.support.services import Postgres

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


@pytest.fixture(scope="session")
def templates(postgres: Postgres) -> tuple[str, str]:
    """Names of an empty source and of an empty warehouse, for tests to copy."""
    psql(postgres.create_database("template_source")).run(REPOSITORY / "source" / "bikes_store" / "schema.sql")
    psql(postgres.create_database("template_warehouse")).run(REPOSITORY / "warehouse" / "staging.sql")
    return "template_source", "template_warehouse"


@pytest.fixture
def pipeline(postgres: Postgres, templates: tuple[str, str], s3: S3Client) -> Iterator[Pipeline]:
    source = postgres.create_database("test_source", templates[0])
    warehouse = postgres.create_database("test_warehouse", templates[1])
    made = Pipeline(source, warehouse, s3, keeps_sessions=True)
    yield made
    made.close()


@pytest.fixture
def small_source(pipeline: Pipeline) -> Pipeline:
    """A few rows in the tables around an order."""
    pipeline.in_source(SMALL)
    return pipeline
