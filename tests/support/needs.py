"""What a test can't do without: a developer's machine may lack it, and the test skips and says so; CI may not."""

from __future__ import annotations

import os
import shutil
from importlib.util import find_spec

import pytest


def need_program(program: str, what_for: str) -> None:
    """Skip the test where a program is missing."""
    if shutil.which(program) is None:
        lack(f"{program} is not on the PATH: {what_for}")


def lack(sentence: str) -> None:
    """Skip the test, or fail it in CI, where everything has to be there."""
    if os.environ.get("CI"):
        pytest.fail(sentence)
    pytest.skip(sentence)


def need_provider_doubles() -> None:
    """Skip the test where the doubles can't run."""
    if find_spec("tf") is None:
        lack("the package tf, which the provider doubles stand on, has no release for this Python")
