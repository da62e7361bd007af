"""Run Terraform on a copy of the root module."""

from __future__ import annotations

import json
import shutil
import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cli.containers.secrets_file import read_secrets
from cli.paths import REPOSITORY

PARTS = ("airflow", "dags", "dbt", "grafana", "prometheus", "source", "terraform", "warehouse")
FILES = ("names.yaml", "pyproject.toml", "uv.lock", ".dockerignore")


@dataclass
class Module:
    """A root module that is initialised. ``doubles`` tells Terraform of doubles that run already."""

    folder: Path
    environment: dict[str, str]
    doubles: dict[str, str] = field(default_factory=dict)

    def run(self, *arguments: str, **variables: Any) -> subprocess.CompletedProcess[str]:
        values = {f"TF_VAR_{name}": v if isinstance(v, str) else json.dumps(v) for name, v in variables.items()}
        return subprocess.run(
            ["terraform", f"-chdir={self.folder}", *arguments],
            env={**self.environment, **self.doubles, **values},
            capture_output=True,
            text=True,
        )

    def plan(self, **variables: Any) -> dict[str, Any]:
        """Make a plan; returns it as data. https://developer.hashicorp.com/terraform/internals/json-format"""
        file = self.folder / "plan"
        done = self.run("plan", "-no-color", f"-out={file}", **variables)
        assert done.returncode == 0, done.stderr
        return json.loads(self.run("show", "-json", str(file)).stdout)

    @property
    def secrets(self) -> dict[str, str]:
        return read_secrets(self.folder)


def copy_module(home: Path) -> Path:
    """Copy what Terraform reads or mounts of this repository; returns the root module's folder."""
    leave_out = shutil.ignore_patterns(
        ".terraform*", "*.tfstate*", "*.auto.tfvars*", "endpoints.json", "given.json", "target", "__pycache__"
    )
    for part in PARTS:
        shutil.copytree(REPOSITORY / part, home / part, ignore=leave_out)
    for file in FILES:
        shutil.copy2(REPOSITORY / file, home)
    return home / "terraform"


def resources(planned: dict[str, Any], kind: str) -> dict[str, dict[str, Any]]:
    """The planned values of all resources of a kind, by address."""

    def walk(module: dict[str, Any]) -> dict[str, dict[str, Any]]:
        found = {each["address"]: each["values"] for each in module.get("resources", []) if each["type"] == kind}
        for child in module.get("child_modules", []):
            found |= walk(child)
        return found

    return walk(planned["planned_values"]["root_module"])
