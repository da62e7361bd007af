"""The currency service of source/currency_api as a process, under gunicorn."""

from __future__ import annotations

import sys
from pathlib import Path

import requests

from cli.paths import REPOSITORY
from cli.processes.settings import LOOPBACK, Settings
from cli.processes.supervisor import Service

PORTS = {"currency_api": 18000}
CURRENCIES = REPOSITORY / "source" / "currency_api" / "currencies.json"


def service(settings: Settings) -> Service:
    address = f"{LOOPBACK}:{settings.ports['currency_api']}"
    return Service(
        "currency-api",
        [str(Path(sys.prefix) / "bin" / "gunicorn"), "--bind", address, "--no-control-socket", "app:app"],
        ready=lambda: requests.get(f"{settings.currency_url}/api/health", timeout=5).ok,
        directory=CURRENCIES.parent,
    )


def url(settings: Settings) -> str:
    """The value of the variable BIKES_STORE_API_URL for the bundled service."""
    return _url(settings.ports["currency_api"])


def left_urls(settings: Settings) -> list[str]:
    """The values that it had before somebody asked for another port."""
    return [_url(port) for port in settings.left_ports.get("currency_api", [])]


def _url(port: int) -> str:
    return f"http://{LOOPBACK}:{port}/api/currencydata"
