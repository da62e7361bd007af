"""Run SQL with psql: no other program reads dumps, or files with psql's backslash commands."""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO, cast


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
    ) -> subprocess.CompletedProcess[str]:
        """Run a statement, then SQL files. The first error ends the run.

        :param variables: psql variables, as ``-v`` gives them.
        :param environment: what the files read with ``\\getenv``.
        :raises PsqlError: when psql ends with an error.
        """
        command = [self.program, "-X", "-q", "-v", "ON_ERROR_STOP=1"]
        for name, value in (variables or {}).items():
            command += ["-v", f"{name}={value}"]
        if statement:
            command += ["-c", statement]
        for file in files:
            command += ["-f", str(file)]
        done = subprocess.run(
            command,
            env={**self._environment(), **(environment or {})},
            capture_output=True,
            text=True,
            errors="replace",
        )
        if done.returncode != 0:
            raise PsqlError(done.stderr.strip() or f"psql ended with status {done.returncode}.")
        return done

    def feed(self, text: Iterable[bytes], folder: Path) -> subprocess.CompletedProcess[str]:
        """Run SQL that comes in pieces, as one file. An error does not end the run.

        :param folder: where psql runs: it looks there for the files that the SQL names.
        :return: psql's messages are in ``stderr``, in English; after an error comes its statement. What the SQL prints
            is lost.
        :raises Exception: what ``text`` raises; psql is stopped before it could take the SQL for complete.
        """
        with tempfile.TemporaryFile() as said:
            process = subprocess.Popen(
                [self.program, "-X", "-q", "-b", "-v", "ON_ERROR_STOP=0", "-f", "-"],
                env={**self._environment(), "LC_ALL": "C"},
                cwd=folder,
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=said,
            )
            pipe = cast(IO[bytes], process.stdin)
            try:
                with suppress(BrokenPipeError):  # psql has ended; its messages say why
                    for piece in text:
                        pipe.write(piece)
                    pipe.flush()
            except BaseException:
                process.kill()
                raise
            finally:
                with suppress(BrokenPipeError):
                    pipe.close()
                process.wait()
            said.seek(0)
            messages = said.read().decode(errors="replace")
            return subprocess.CompletedProcess(process.args, process.returncode, stderr=messages)

    def _environment(self) -> dict[str, str]:
        return {**os.environ, "PGCLIENTENCODING": "UTF8", **self.connection}

    def lines(self, query: str) -> list[str]:
        """The rows of a query, as COPY writes them."""
        return self.run(statement=f"COPY ({query}) TO STDOUT").stdout.splitlines()
