"""Run SQL with psql: files with its backslash commands, and dumps, are for nothing else to read."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path


class PsqlError(Exception):
    """psql ended with an error; the message is its own."""


def psql(
    connection: Mapping[str, str],
    *files: Path,
    statement: str = "",
    variables: Mapping[str, str] | None = None,
    environment: Mapping[str, str] | None = None,
    stop_on_error: bool = True,
    program: str = "psql",
) -> subprocess.CompletedProcess[str]:
    """Run a statement and SQL files, the first error ending it unless told otherwise.

    :param connection: PGHOST, PGPORT, PGUSER, PGPASSWORD, PGDATABASE. They go by the environment, since a command line
        is for everybody to read. https://www.postgresql.org/docs/current/libpq-envars.html
    :param variables: psql variables, as ``-v`` gives them.
    :raises PsqlError: when psql ends with an error.
    """
    command = [program, "-X", "-q", "-v", f"ON_ERROR_STOP={int(stop_on_error)}"]
    for name, value in (variables or {}).items():
        command += ["-v", f"{name}={value}"]
    if statement:
        command += ["-c", statement]
    for file in files:
        command += ["-f", str(file)]
    done = subprocess.run(
        command,
        env={**os.environ, "PGCLIENTENCODING": "UTF8", **connection, **(environment or {})},
        capture_output=True,
        text=True,
        errors="replace",
    )
    if done.returncode != 0:
        raise PsqlError(done.stderr.strip() or f"psql ended with status {done.returncode}.")
    return done
