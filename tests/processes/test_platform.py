"""cli/processes/platform.py: steps that run side by side."""

from __future__ import annotations

import time

import pytest

from cli.errors import UserError
from cli.processes.platform import threads


def test_an_error_does_not_wait_for_a_step_that_still_runs():
    began = time.monotonic()
    with pytest.raises(UserError, match="no disk left"), threads() as pool:
        pool.submit(time.sleep, 3)
        raise UserError("no disk left")
    assert time.monotonic() - began < 1


def test_without_an_error_all_steps_are_done():
    with threads() as pool:
        step = pool.submit(time.sleep, 0.2)
    assert step.done()
