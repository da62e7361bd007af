"""Programs that the tests build with Go's own tool where they are not on the PATH, once, into .test/bin."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from cli.paths import REPOSITORY
from tests.support.needs import need_program


def go_tool(module: str, version: str) -> str:
    """The path of the program that a Go module's root makes; skips the test where the module can't be had.

    It is built in the module's own folder, where the module's go.sum vouches for what it depends on.

    :param module: the module's path, such as github.com/terraform-docs/terraform-docs.
    :param version: without the letter v.
    """
    name = module.rpartition("/")[2]
    if (found := shutil.which(name)) and version in _run([found, "--version"]).stdout:
        return found
    binary = REPOSITORY / ".test" / "bin" / f"{name}-{version}"
    if not binary.exists():
        need_program("go", f"the tests build {name} with it")
        binary.parent.mkdir(parents=True, exist_ok=True)
        source = json.loads(_run(["go", "mod", "download", "-json", f"{module}@v{version}"]).stdout or "{}")
        if "Dir" not in source:
            pytest.skip(f"{name} {version} is not on the PATH, and its source can't be had: {source.get('Error')}")
        built = _run(["go", "build", "-o", str(binary), "."], Path(source["Dir"]))
        if built.returncode != 0:
            pytest.skip(f"{name} {version} is not on the PATH and can't be built: {built.stderr.strip()[-500:]}")
    return str(binary)


def _run(command: list[str], folder: Path | None = None) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "CGO_ENABLED": "0", "GOFLAGS": "-buildvcs=false"}
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)
