from __future__ import annotations

import pytest


@pytest.fixture(scope="session")
def source(generated_source: str) -> str:
    """The DSN of a transaction database at scale 1; tests only read it."""
    return generated_source
