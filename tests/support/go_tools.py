"""Programs that the tests build with Go's own tool where they are not on the PATH, once, into .test/bin."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path

from cli.containers.images import read_pinned
from cli.paths import REPOSITORY, TERRAFORM
from tests.support.needs import lack, need_program

# A program that runs for seconds need not be optimized, and what its debugger would read need not be written: a third
# less of processor time to build (terraform-docs 64 -> 42 s, tflint 160 -> 115 s). The compiler collects its garbage
# less often, for the same reason. All programs are built alike, so that they share what they have in common.
_QUICK = ["-gcflags=all=-N -l -dwarf=false", "-ldflags=-s -w"]
_ENVIRONMENT = {"CGO_ENABLED": "0", "GOFLAGS": "-buildvcs=false", "GOGC": "400"}


def go_tool(module: str, version: str) -> str:
    """The path of the program that a Go module's root makes; the test can't run where the module can't be had.

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
            lack(f"{name} {version} is not on the PATH, and its source can't be had: {source.get('Error')}")
        new = binary.with_name(f"{binary.name}.{os.getpid()}")  # another part of the tests may build it too
        built = _run(["go", "build", *_QUICK, "-o", str(new), "."], Path(source["Dir"]))
        if built.returncode != 0:
            lack(f"{name} {version} is not on the PATH and can't be built: {built.stderr.strip()[-500:]}")
        new.replace(binary)
    return str(binary)


def statsd_exporter() -> str:
    """The path of the real statsd-exporter, in the version of its image."""
    version = read_pinned(TERRAFORM / "images.yaml")["statsd_exporter"].tag
    return go_tool("github.com/prometheus/statsd_exporter", version.removeprefix("v"))


def _run(command: list[str], folder: Path | None = None) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, **_ENVIRONMENT}
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)
