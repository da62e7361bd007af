"""The real statsd-exporter, with the project's mapping."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.exporter import MAPPING, Exporter, running_exporter


@pytest.fixture
def exporter() -> Iterator[Exporter]:
    with running_exporter(MAPPING) as made:
        yield made
