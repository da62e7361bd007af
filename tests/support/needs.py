"""What a test needs of the machine. Where a program is missing, the test skips and says so; in CI, it fails."""

from __future__ import annotations

import os
import shutil
from importlib.util import find_spec

import pytest

from cli.paths import REPOSITORY

#: Beside the repository and no part of it: what tests compare with, where somebody put it there.
SHARED = REPOSITORY.parent / "shared"


def need_program(program: str, what_for: str) -> None:
    """Skip the test if a program is missing; in CI, fail it."""
    if shutil.which(program) is None:
        lack(f"{program} is not on the PATH: {what_for}")


def lack(sentence: str) -> None:
    """Skip the test; in CI, where nothing may be missing, fail it."""
    if os.environ.get("CI"):
        pytest.fail(sentence)
    pytest.skip(sentence)


def need_provider_doubles() -> None:
    """Skip the test if the doubles can't run; in CI, fail it."""
    if find_spec("tf") is None:
        lack("the package tf, which the provider doubles need, has no release for this Python")
