"""Ports for the services that tests start. A running demo and other tests use different ports."""

from __future__ import annotations

import itertools
import os
import random

from cli.ports import is_taken
from cli.processes.platform import DEFAULT_PORTS

# Ports below those that the system uses for outgoing connections (32768 and up on Linux).
_FIRST = int(os.environ.get("TEST_PORTS_FROM", "20000"))
# A port is never given twice, as a service may start long after its port was chosen.
_candidates = itertools.count(_FIRST + random.randrange(3000))  # noqa: S311 - the first port is no secret


def free_ports() -> dict[str, int]:
    """A free port for each port name of the demo."""
    return {name: next(port for port in _candidates if not is_taken(port)) for name in DEFAULT_PORTS}
