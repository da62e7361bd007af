"""The demo's monitoring, if this machine has the programs: statsd-exporter for Airflow's metrics, and Prometheus.

Both must be on the PATH or in ~/go/bin. Debian has a package of Prometheus; `go install
github.com/prometheus/statsd_exporter@latest` makes the other. The demo also runs without them; then nothing collects
its metrics.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterable
from pathlib import Path

import requests

from cli.paths import REPOSITORY
from cli.processes.settings import LOOPBACK, Settings
from cli.processes.supervisor import Metrics, Service

PORTS = {"statsd": 18125, "statsd_web": 19102, "prometheus": 19090}
#: Those of them that get packets; all others get connections.
UDP = ("statsd",)

#: What has to be installed.
PROGRAMS = ("statsd_exporter", "prometheus")
#: Where `go install` puts programs.
GO_BIN = Path.home() / "go" / "bin"
_FOLDER = REPOSITORY / "prometheus"
_SCRAPE_INTERVAL = "5s"  # somebody watches a demo


def services(settings: Settings) -> list[Service]:
    """The services, or none if a program is not installed."""
    if not is_available():
        return []
    exporter, prometheus = (str(_find(program)) for program in PROGRAMS)
    home = settings.home / "prometheus"
    exporter_address = f"{LOOPBACK}:{settings.ports['statsd_web']}"
    prometheus_address = f"{LOOPBACK}:{settings.ports['prometheus']}"
    return [
        Service(
            "statsd-exporter",
            [
                exporter,
                f"--statsd.mapping-config={_FOLDER / 'statsd_mapping.yml'}",
                f"--statsd.listen-udp={LOOPBACK}:{settings.ports['statsd']}",
                "--statsd.listen-tcp=",
                f"--web.listen-address={exporter_address}",
            ],
            ready=lambda: requests.get(f"http://{exporter_address}/metrics", timeout=5).ok,
            metrics=Metrics("airflow", exporter_address),
        ),
        Service(
            "prometheus",
            [
                prometheus,
                f"--config.file={home / 'prometheus.yml'}",
                f"--storage.tsdb.path={home / 'data'}",
                f"--web.listen-address={prometheus_address}",
            ],
            ready=lambda: requests.get(f"{url(settings)}/-/ready", timeout=5).ok,
            metrics=Metrics("prometheus", prometheus_address),
        ),
    ]


def write_targets(settings: Settings, services: Iterable[Service]) -> None:
    """Tell Prometheus which services to read: prometheus.yml looks for targets.json beside it.

    https://prometheus.io/docs/prometheus/latest/configuration/configuration/#file_sd_config
    """
    home = settings.home / "prometheus"
    home.mkdir(parents=True, exist_ok=True)
    configuration = home / "prometheus.yml"
    configuration.unlink(missing_ok=True)
    configuration.symlink_to(_FOLDER / "prometheus.yml")
    targets = [
        {
            "targets": [service.metrics.address],
            "labels": {"job": service.metrics.job, "__scrape_interval__": _SCRAPE_INTERVAL},
        }
        for service in services
        if service.metrics
    ]
    (home / "targets.json").write_text(json.dumps(targets, indent=2))


def is_available() -> bool:
    """Whether this machine has the programs."""
    return all(_find(program) for program in PROGRAMS)


def url(settings: Settings) -> str:
    return f"http://{LOOPBACK}:{settings.ports['prometheus']}"


def _find(program: str) -> str | None:
    return shutil.which(program) or shutil.which(program, path=str(GO_BIN))
