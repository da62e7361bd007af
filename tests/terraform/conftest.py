"""Terraform on a copy of the root module, with provider doubles in place of the registry. No Docker is needed."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from demo.settings import REPOSITORY
from stack.secrets import read_secrets, write_secrets
from tests.needs import need_program, need_provider_doubles
from tests.terraform.doubles.mirror import write_mirror

PARTS = ("airflow", "dags", "dbt", "grafana", "prometheus", "source", "terraform", "warehouse")
FILES = ("pyproject.toml", "uv.lock", ".dockerignore")


@dataclass
class Module:
    """The root module, initialised."""

    folder: Path
    environment: dict[str, str]

    def run(self, *arguments: str, **variables: Any) -> subprocess.CompletedProcess[str]:
        values = {f"TF_VAR_{name}": v if isinstance(v, str) else json.dumps(v) for name, v in variables.items()}
        return subprocess.run(
            ["terraform", f"-chdir={self.folder}", *arguments],
            env={**self.environment, **values},
            capture_output=True,
            text=True,
        )

    def plan(self, **variables: Any) -> dict[str, Any]:
        """A plan as data. https://developer.hashicorp.com/terraform/internals/json-format"""
        file = self.folder / "plan"
        done = self.run("plan", "-no-color", f"-out={file}", **variables)
        assert done.returncode == 0, done.stderr
        return json.loads(self.run("show", "-json", str(file)).stdout)

    @property
    def secrets(self) -> dict[str, str]:
        return read_secrets(self.folder)


def copy_module(home: Path) -> Path:
    """The parts of this repository that Terraform reads or mounts; returns the root module's folder."""
    leave_out = shutil.ignore_patterns(
        ".terraform*", "*.tfstate*", "*.auto.tfvars", "endpoints.json", "target", "__pycache__"
    )
    for part in PARTS:
        shutil.copytree(REPOSITORY / part, home / part, ignore=leave_out)
    for file in FILES:
        shutil.copy2(REPOSITORY / file, home)
    return home / "terraform"


@pytest.fixture(scope="session")
def bare_module(tmp_path_factory: pytest.TempPathFactory) -> Module:
    """The root module as a user has it who has run nothing but `terraform init`: without secrets."""
    need_provider_doubles()
    need_program("terraform", "these tests run it")
    home = tmp_path_factory.mktemp("bare")
    environment = {**os.environ, **write_mirror(tmp_path_factory.mktemp("mirror")), "HOME": str(home)}
    module = Module(copy_module(home), environment)
    done = module.run("init", "-no-color")
    assert done.returncode == 0, done.stderr
    return module


@pytest.fixture(scope="session")
def module(bare_module: Module, tmp_path_factory: pytest.TempPathFactory) -> Module:
    """The same with the secrets that `make secrets` writes."""
    home = tmp_path_factory.mktemp("module")
    shutil.copytree(bare_module.folder.parent, home, dirs_exist_ok=True, symlinks=True)
    write_secrets(home / "terraform", {})
    return Module(home / "terraform", bare_module.environment)


def resources(planned: dict[str, Any], kind: str) -> dict[str, dict[str, Any]]:
    """The planned values of a kind of resource, by address."""

    def walk(module: dict[str, Any]) -> dict[str, dict[str, Any]]:
        found = {each["address"]: each["values"] for each in module.get("resources", []) if each["type"] == kind}
        for child in module.get("child_modules", []):
            found |= walk(child)
        return found

    return walk(planned["planned_values"]["root_module"])
