"""Run SQL with psql: no other program reads dumps, or files with psql's backslash commands."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path


class PsqlError(Exception):
    """psql ended with an error. The message is psql's own."""


@dataclass(frozen=True)
class Psql:
    """psql on one database.

    ``connection`` holds PGHOST, PGPORT, PGUSER, PGPASSWORD, PGDATABASE. psql gets them in the environment, because
    everybody can read a command line. https://www.postgresql.org/docs/current/libpq-envars.html
    ``program`` is the name or path of psql.
    """

    connection: Mapping[str, str]
    program: str = "psql"

    @property
    def database(self) -> str:
        return self.connection["PGDATABASE"]

    def on(self, database: str) -> Psql:
        """The same psql on another database of the server."""
        return replace(self, connection={**self.connection, "PGDATABASE": database})

    def run(
        self,
        *files: Path,
        statement: str = "",
        variables: Mapping[str, str] | None = None,
        environment: Mapping[str, str] | None = None,
        stop_on_error: bool = True,
    ) -> subprocess.CompletedProcess[str]:
        """Run a statement, then SQL files. The first error ends the run unless ``stop_on_error`` is false.

        :param variables: psql variables, as ``-v`` gives them.
        :param environment: what the files read with ``\\getenv``.
        :raises PsqlError: when psql ends with an error.
        """
        command = [self.program, "-X", "-q", "-v", f"ON_ERROR_STOP={int(stop_on_error)}"]
        for name, value in (variables or {}).items():
            command += ["-v", f"{name}={value}"]
        if statement:
            command += ["-c", statement]
        for file in files:
            command += ["-f", str(file)]
        done = subprocess.run(
            command,
            env={**os.environ, "PGCLIENTENCODING": "UTF8", **self.connection, **(environment or {})},
            capture_output=True,
            text=True,
            errors="replace",
        )
        if done.returncode != 0:
            raise PsqlError(done.stderr.strip() or f"psql ended with status {done.returncode}.")
        return done

    def lines(self, query: str) -> list[str]:
        """The rows of a query, as COPY writes them."""
        return self.run(statement=f"COPY ({query}) TO STDOUT").stdout.splitlines()
