"""Doubles that serve one Terraform after another.

Terraform starts each provider anew, several times in one command; for a double that is a new Python each time. A plan
of the root module takes 4.2 s of processor time with doubles that it starts, and 1.3 s with doubles that it is told of.
https://developer.hashicorp.com/terraform/plugin/debugging
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from cli.paths import REPOSITORY
from tests.support.doubles.mirror import DOUBLES
from tests.support.waiting import wait_for

_TOLD = re.compile(r"TF_REATTACH_PROVIDERS='(.*)'")


@contextmanager
def kept_doubles() -> Iterator[dict[str, str]]:
    """Start one process for each double, and end them with the block; gives the environment that tells Terraform.

    `terraform init` is not for it: that has nothing to install then, and locks no version. Nor are tests of what
    becomes of a provider's process.
    """
    with TemporaryDirectory(prefix="doubles-") as folder, ExitStack() as started:
        logs = {name: Path(folder) / f"{name}.log" for name in DOUBLES}
        processes = [started.enter_context(_running(name, log)) for name, log in logs.items()]
        told: dict[str, Any] = {}
        for process, log in zip(processes, logs.values(), strict=True):
            told |= json.loads(wait_for(partial(_address, log), process, 60))
        yield {"TF_REATTACH_PROVIDERS": json.dumps(told)}


@contextmanager
def _running(name: str, log: Path) -> Iterator[subprocess.Popen[bytes]]:
    command = [sys.executable, "-u", "-m", f"tests.support.doubles.{name}_double", "--dev"]
    environment = {**os.environ, "PYTHONPATH": f"{REPOSITORY}:{REPOSITORY / 'dags'}"}
    with log.open("wb") as output:  # a file: a pipe that nobody reads would stop it when it is full
        process = subprocess.Popen(command, cwd=REPOSITORY, env=environment, stdout=output, stderr=output)
    try:
        yield process
    finally:
        process.terminate()
        process.wait(30)


def _address(log: Path) -> str | None:
    told = _TOLD.search(log.read_text())
    return told[1] if told else None
