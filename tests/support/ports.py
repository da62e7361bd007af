"""Ports for the services that tests start: neither a running demo's nor those of tests that run beside."""

from __future__ import annotations

import itertools
import os
import random

from cli.processes.platform import DEFAULT_PORTS, is_taken

# Below what the system takes for outgoing connections (32768 and up on Linux), which may come at any moment.
_FIRST = int(os.environ.get("TEST_PORTS_FROM", "20000"))
# Never the same one twice: a service may be started long after its port was chosen.
_candidates = itertools.count(_FIRST + random.randrange(3000))  # noqa: S311 - where to begin is no secret


def free_ports() -> dict[str, int]:
    """A free port for each name that the demo has one for."""
    return {name: next(port for port in _candidates if not is_taken(port)) for name in DEFAULT_PORTS}
