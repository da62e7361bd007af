"""The table of faults: which test holds which row, and the twins that the tests hurt."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from cli.database import connect
from cli.paths import REPOSITORY
from cli.processes.postgres import psql
from tests.faults.table import FAULTS, LONG, render
from tests.faults.twins import SHRINK, Twins
from tests.support.pipeline import Pipeline
from tests.support.proxy import Proxy, proxy
from tests.support.services import Postgres

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

_results: dict[str, set[str]] = {}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        for marker in item.iter_markers("fault"):
            assert marker.args[0] in FAULTS, f"{item.nodeid}: tests/faults/table.py has no fault {marker.args[0]!r}"


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    outcome = yield
    report = outcome.get_result()  # type: ignore[attr-defined]
    if report.when == "call" or report.outcome != "passed":
        for marker in item.iter_markers("fault"):
            _results.setdefault(marker.args[0], set()).add(report.outcome)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print the table when every fault was tried: `make test-faults`."""
    if _results.keys() == FAULTS.keys():
        terminalreporter.section("faults")
        terminalreporter.write_line(render({name: ", ".join(sorted(found)) for name, found in _results.items()}))


@pytest.fixture(scope="session")
def twins(
    postgres: Postgres,
    s3: S3Client,
    generated_source: str,
    tmp_path_factory: pytest.TempPathFactory,
    request: pytest.FixtureRequest,
) -> Twins:
    """Both warehouses are built from the source as it is now. The one that faults happen to is in another time zone."""
    source = postgres.create_database("faults_source", generated_source.rsplit("/", 1)[1])
    with connect(source) as connection, connection.cursor() as cursor:
        cursor.execute(SHRINK)
    hurt = postgres.create_database("faults_hurt")
    psql(hurt).run(REPOSITORY / "warehouse" / "staging.sql")
    Pipeline(source, hurt, s3).run()
    # With the long tests, so by `make test-faults`, facts and marts are compared after each fault.
    after_each = any(LONG in item.path.parents for item in request.session.items)
    target = tmp_path_factory.mktemp("twins")
    made = Twins(postgres, s3, source, hurt, hurt, target, after_each)
    made.build(hurt)
    made.clean = postgres.create_database("faults_clean", "faults_hurt")
    made.execute(hurt, "ALTER DATABASE faults_hurt SET timezone = 'America/New_York'")
    shutil.copytree(target / "faults_hurt", target / "faults_clean")
    return made


def _front(port: int) -> Iterator[Proxy]:
    with proxy(port) as made:
        yield made


@pytest.fixture
def to_postgres(postgres: Postgres) -> Iterator[Proxy]:
    """A connection to PostgreSQL that can break."""
    yield from _front(postgres.settings.ports["postgres"])


@pytest.fixture
def to_lake(postgres: Postgres) -> Iterator[Proxy]:
    """A connection to the lake that can break."""
    yield from _front(postgres.settings.ports["s3"])
