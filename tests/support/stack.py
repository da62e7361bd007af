"""A stack in containers, for tests."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import docker

from cli.airflow_client import Airflow
from cli.endpoints import Endpoints
from cli.paths import REPOSITORY

NAME = "bikes-store-test"
SCRAPE_SECONDS = 5


@dataclass
class Stack:
    """A stack that is up, or can be."""

    folder: Path
    environment: dict[str, str]
    engine: docker.DockerClient
    output: str = ""

    def up(self) -> None:
        """Run `make up`, and keep what it prints."""
        done = self.command("up")
        assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-5000:]
        self.output = done.stdout + done.stderr

    def run(self, *command: str, **variables: str) -> subprocess.CompletedProcess[str]:
        environment = {**self.environment, **variables}
        return subprocess.run(command, env=environment, cwd=REPOSITORY, capture_output=True, text=True)

    def command(self, name: str, **variables: str) -> subprocess.CompletedProcess[str]:
        """Run the command of `make NAME VARIABLE=…`."""
        return self.run(sys.executable, "-m", "cli.containers", name, **variables)

    def terraform(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return self.run("terraform", f"-chdir={self.folder}", *arguments)

    @property
    def endpoints(self) -> Endpoints:
        return Endpoints.read(self.folder / "endpoints.json")

    @property
    def airflow(self) -> Airflow:
        return self.endpoints.airflow()

    @property
    def ports(self) -> dict[str, int]:
        return json.loads(self.environment["TF_VAR_ports"])
