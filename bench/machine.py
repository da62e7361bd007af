"""The machine and the versions that a result holds for."""

from __future__ import annotations

import os
import platform
import subprocess
from importlib.metadata import version
from pathlib import Path

from cli.paths import REPOSITORY
from cli.processes.postgres import find_binaries

_PACKAGES = ("apache-airflow", "astronomer-cosmos", "dbt-core", "dbt-postgres", "pandas", "pangres")


def describe() -> dict[str, object]:
    """Cores, memory, processor and versions, as results.json keeps them."""
    commit = subprocess.run(["git", "rev-parse", "--short", "HEAD"], cwd=REPOSITORY, capture_output=True, text=True)
    server = subprocess.run([find_binaries() / "postgres", "--version"], capture_output=True, text=True)
    return {
        "cores": os.cpu_count(),
        "memory_gb": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9),
        "processor": _processor(),
        "python": platform.python_version(),
        "postgresql": server.stdout.split()[2],
        **{name: version(name) for name in _PACKAGES},
        "commit": commit.stdout.strip(),
    }


def _processor() -> str:
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()
