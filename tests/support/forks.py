"""A Python that has imported what tests of the worker need, and runs each script in a fork of itself.

The imports take 2.5 s of processor time. In the process of the tests itself a script would find, and leave, too much.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Timer

_SERVER = """
import json, os, sys, traceback
from pathlib import Path
import airflow.cli.commands.task_command, airflow.models.dagbag, airflow.providers.amazon.aws.hooks.s3
import cosmos.settings, dbt.adapters.postgres, dbt.cli.main, dbt.task.list
from airflow import settings

def run(given):
    output = os.open(given["output"], os.O_WRONLY)
    os.dup2(output, 1)
    os.dup2(output, 2)
    sys.stdout = open(1, "w", buffering=1, closefd=False)  # each line by one write: forks share it
    os.chdir(given["folder"])
    os.environ.update(given["environment"])
    # What the packages take from the environment when they are imported.
    settings.DAGS_FOLDER = os.environ["AIRFLOW__CORE__DAGS_FOLDER"]
    sys.path.append(settings.DAGS_FOLDER)
    cosmos.settings.cache_dir = Path(os.environ["AIRFLOW__COSMOS__CACHE_DIR"])
    exec(compile(given["script"], "script", "exec"), {"__name__": "__main__"})

for line in sys.stdin:
    child = os.fork()
    if not child:
        code = 1
        try:
            run(json.loads(line))
            code = 0
        except SystemExit as ended:
            code = ended.code or 0
        except BaseException:
            traceback.print_exc()
        sys.stdout.flush()
        os._exit(code)
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
"""
_LONGEST_SECONDS = 100


@dataclass
class Forks:
    """The Python whose forks run scripts."""

    _server: subprocess.Popen[str]

    def run(self, script: str, folder: Path, **environment: str) -> list[str]:
        """Run a script in a fork; returns the lines that it prints with a > at their beginning. Fails when it does.

        :param folder: that it works in.
        """
        output = folder / "output"  # not a pipe, which a fork that hangs would keep open
        output.touch()
        given = {"script": textwrap.dedent(script), "folder": str(folder), "output": str(output)}
        assert self._server.stdin and self._server.stdout
        self._server.stdin.write(json.dumps({**given, "environment": environment}) + "\n")
        self._server.stdin.flush()
        too_long = Timer(_LONGEST_SECONDS, self._server.kill)
        too_long.start()
        try:
            code = self._server.stdout.readline()
        finally:
            too_long.cancel()
        printed = output.read_text()
        assert code == "0\n", printed[-3000:]
        return [line for line in printed.splitlines() if line.startswith(">")]


@contextmanager
def forks(python_path: Path) -> Iterator[Forks]:
    """Start it; it ends with the block.

    :param python_path: a folder of modules that the scripts import.
    """
    with subprocess.Popen(
        [sys.executable, "-c", _SERVER],
        env={**os.environ, "PYTHONPATH": str(python_path)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as server:
        yield Forks(server)
        assert server.stdin
        server.stdin.close()
