"""Waiting for what a process brings about."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable
from typing import Any


def wait_for(condition: Callable[[], Any], process: subprocess.Popen[bytes], seconds: float) -> Any:
    """What a condition gives as soon as it gives something. Fails when the process ends before, or the time."""
    deadline = time.monotonic() + seconds
    while not (found := condition()):
        assert process.poll() is None, "the process has ended"
        assert time.monotonic() < deadline, f"not within {seconds:g} seconds"
        time.sleep(0.2)
    return found
