"""The real statsd-exporter, for tests of its mapping."""

from __future__ import annotations

import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import requests

from cli.paths import REPOSITORY
from cli.processes.settings import LOOPBACK
from tests.support.go_tools import statsd_exporter
from tests.support.ports import free_ports

#: The project's own.
MAPPING = REPOSITORY / "prometheus" / "statsd_mapping.yml"


@dataclass
class Exporter:
    """A statsd-exporter that runs. Tests talk to it over TCP, because TCP loses nothing."""

    statsd_port: int
    web_port: int

    def send(self, lines: list[str]) -> str:
        """Send StatsD lines; returns what Prometheus would read after all lines arrived."""
        before = self.taken()
        with socket.create_connection((LOOPBACK, self.statsd_port)) as connection:
            connection.sendall("".join(f"{line}\n" for line in lines).encode())
        deadline = time.monotonic() + 10
        while self.taken() < before + len(lines):
            assert time.monotonic() < deadline, "statsd-exporter did not take all lines"
            time.sleep(0.05)
        time.sleep(0.3)  # it collects events for a fifth of a second
        return self.metrics()

    def metrics(self) -> str:
        return requests.get(f"http://{LOOPBACK}:{self.web_port}/metrics", timeout=5).text

    def taken(self) -> float:
        lines = self.metrics().splitlines()
        return sum(float(line.split()[-1]) for line in lines if line.startswith("statsd_exporter_lines_total"))


@contextmanager
def running_exporter(mapping: Path) -> Iterator[Exporter]:
    """An exporter with a mapping."""
    ports = free_ports()
    made = Exporter(ports["statsd"], ports["statsd_web"])
    process = subprocess.Popen(
        [
            statsd_exporter(),
            f"--statsd.mapping-config={mapping}",
            "--statsd.listen-udp=",
            f"--statsd.listen-tcp={LOOPBACK}:{made.statsd_port}",
            f"--web.listen-address={LOOPBACK}:{made.web_port}",
        ],
        stderr=subprocess.DEVNULL,
    )
    try:
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline:
            with suppress(requests.ConnectionError):
                made.metrics()
                break
            time.sleep(0.05)
        yield made
    finally:
        process.terminate()
        process.wait(10)
