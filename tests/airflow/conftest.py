"""A Python for tests that change what they import."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from cli.paths import REPOSITORY
from tests.support.forks import Forks, forks


@pytest.fixture(scope="session")
def python() -> Iterator[Forks]:
    """Its scripts find the modules of airflow/config."""
    with forks(REPOSITORY / "airflow" / "config") as started:
        yield started
