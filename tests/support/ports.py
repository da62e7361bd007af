"""Ports for the services that tests start. A running demo and other tests use different ports."""

from __future__ import annotations

import itertools
import random

from cli.ports import Claims, is_taken
from cli.processes.platform import DEFAULT_PORTS

# Ports below those that the system uses for outgoing connections (32768 and up on Linux). A port is never given twice,
# as a service may start long after its port was chosen.
_candidates = itertools.count(20000 + random.randrange(10000))  # noqa: S311 - the first port is no secret
# For the same reason no other tests that run now get it. A demo that a test starts claims it too, as its own.
_claims = Claims("test-port")


def free_ports() -> dict[str, int]:
    """A free port for each port name of the demo."""
    return {name: next(port for port in _candidates if _is_free(port)) for name in DEFAULT_PORTS}


def _is_free(port: int) -> bool:
    return not is_taken(port) and _claims.claim(port)
