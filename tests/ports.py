"""Ports for the services that tests start: neither a running demo's nor those of tests that run beside."""

from __future__ import annotations

import itertools
import os
import random
import socket

from demo.settings import DEFAULT_PORTS, LOOPBACK

# Below what the system takes for outgoing connections (32768 and up on Linux), which may come at any moment.
_FIRST = int(os.environ.get("TEST_PORTS_FROM", "20000"))
# Never the same one twice: a service may be started long after its port was chosen.
_candidates = itertools.count(_FIRST + random.randrange(3000))  # noqa: S311


def free_ports() -> dict[str, int]:
    """A free port for each name that the demo has one for."""
    return {name: next(port for port in _candidates if _is_free(port)) for name in DEFAULT_PORTS}


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
    return True
