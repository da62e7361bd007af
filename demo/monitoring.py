"""The demo's monitoring, where this machine has the programs: statsd-exporter for Airflow's metrics, and Prometheus.

Both are looked for on the PATH: Debian packages Prometheus; `go install github.com/prometheus/statsd_exporter@latest`
makes the other. Without them the demo runs all the same, with nobody listening to its metrics.
"""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import requests

from demo.settings import LOOPBACK, REPOSITORY, Settings, write_private
from demo.supervisor import Service

_FOLDER = REPOSITORY / "prometheus"
_PROGRAMS = ("statsd_exporter", "prometheus")
_GO_BIN = Path.home() / "go" / "bin"
_SCRAPE_INTERVAL = "5s"  # a demo is watched


def services(settings: Settings) -> list[Service]:
    """Both, or none where one of them is not installed."""
    if not is_available():
        return []
    exporter, prometheus = (str(_find(program)) for program in _PROGRAMS)
    home = settings.home / "prometheus"
    home.mkdir(parents=True, exist_ok=True)
    configuration = home / "prometheus.yml"
    write_private(configuration, render_configuration(settings))
    exporter_address = f"{LOOPBACK}:{settings.ports['statsd_web']}"
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
        ),
        Service(
            "prometheus",
            [
                prometheus,
                f"--config.file={configuration}",
                f"--storage.tsdb.path={home / 'data'}",
                f"--web.listen-address={LOOPBACK}:{settings.ports['prometheus']}",
            ],
            ready=lambda: requests.get(f"{url(settings)}/-/ready", timeout=5).ok,
        ),
    ]


def is_available() -> bool:
    """Whether this machine has both programs."""
    return all(_find(program) for program in _PROGRAMS)


def url(settings: Settings) -> str:
    return f"http://{LOOPBACK}:{settings.ports['prometheus']}"


def render_configuration(settings: Settings) -> str:
    """prometheus/prometheus.yml for this machine: a template of Terraform's, less what depends on its containers."""
    text = re.sub(r"%\{ if .*?%\{ endif ~\}\n", "", (_FOLDER / "prometheus.yml").read_text(), flags=re.DOTALL)
    values = {
        "scrape_interval": _SCRAPE_INTERVAL,
        "statsd_exporter": f"{LOOPBACK}:{settings.ports['statsd_web']}",
        "prometheus": f"{LOOPBACK}:{settings.ports['prometheus']}",
    }
    return re.sub(r"\$\{(\w+)\}", lambda match: values[match[1]], text)


def _find(program: str) -> str | None:
    return shutil.which(program) or shutil.which(program, path=str(_GO_BIN))
