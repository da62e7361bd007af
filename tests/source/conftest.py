from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.source import generator

if TYPE_CHECKING:
    from tests.support.services import Postgres


@pytest.fixture(scope="session")
def source(postgres: Postgres) -> str:
    """The DSN of a transaction database at scale 1; tests only read it."""
    dsn = postgres.create_database("source_generated")
    generator.make_tables(dsn)
    done = generator.run_generator(dsn)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    return dsn
