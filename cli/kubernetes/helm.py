"""Helm and Airflow's official chart: both are the user's."""

from __future__ import annotations

import shlex
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import yaml

from cli.kubernetes.names import DEPLOY, RELEASE


@dataclass(frozen=True)
class Chart:
    """The chart that the values are written for.

    :param given: another place to take it from: a folder, a file, a name that Helm knows. Empty: the official one.
    """

    given: str = ""

    @property
    def words(self) -> list[str]:
        """How Helm's command line names it."""
        if self.given:
            return [self.given]
        pinned = yaml.safe_load((DEPLOY / "chart.yaml").read_text())
        return [pinned["name"], "--version", pinned["version"]]

    def install_command(self, namespace: str, values: str) -> str:
        """The command that installs the release or upgrades it."""
        words = ["helm", "upgrade", "--install", RELEASE, *self.words, "--namespace", namespace, "--values", values]
        return shlex.join(words)

    def render(self, namespace: str, values: Path) -> tuple[str, str]:
        """What Helm would install; an empty text and a sentence when Helm or the chart is not there."""
        if shutil.which("helm") is None:
            return "", "helm is not on the PATH"
        command = ["helm", "template", RELEASE, *self.words, "--namespace", namespace, "--values", str(values)]
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode == 0:
            return done.stdout, ""
        said = (done.stderr.strip().splitlines() or ["it says nothing"])[-1]
        return "", f"helm could not render the chart {self.words[0]} ({said})"
