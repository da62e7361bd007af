"""Dump and restore one database with PostgreSQL's own programs, and compare what it holds.

The programs may be on this machine or in a container. They get the login in the environment, because everybody can read
a command line.
"""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from cli.backup.files import open_private
from cli.errors import UserError

#: By table: its rows, and the sum of a hash of each. By sequence: its value, and whether that was given out.
Contents = dict[str, list[str]]

# The text of a value must not depend on who asks.
_SETTINGS = """SET datestyle = 'ISO'; SET timezone = 'UTC'; SET intervalstyle = 'postgres'; SET bytea_output = 'hex';
SET extra_float_digits = 1; SET statement_timeout = 0; SET idle_in_transaction_session_timeout = 0;
"""
_RELATIONS = """SELECT jsonb_agg(jsonb_build_array(format('%I.%I', n.nspname, c.relname), c.relkind) ORDER BY 1)
FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'm', 'S') AND c.relpersistence <> 't'
AND n.nspname <> 'information_schema' AND n.nspname NOT LIKE 'pg\\_%';
"""
_PSQL = ("--no-psqlrc", "--quiet", "--no-align", "--tuples-only", "--no-password", "--set=ON_ERROR_STOP=1")
_TRIES = 5
_HASH = "('x' || left(md5((t.*)::text), 15))::bit(60)::bigint"


@dataclass(frozen=True)
class Database:
    """A database, and the programs that reach it.

    ``name`` is what the platform calls it. ``connection`` holds PGHOST, PGPORT, PGUSER, PGPASSWORD and PGDATABASE, as
    the programs see it; the user is a superuser, or owns the database. ``folder`` is the folder of the programs; empty,
    they are found on the PATH. ``container`` is the container that they run in; empty, they run on this machine.
    """

    name: str
    connection: Mapping[str, str]
    folder: str = ""
    container: str = ""

    @property
    def database(self) -> str:
        """Its name in PostgreSQL."""
        return self.connection["PGDATABASE"]

    def on(self, database: str) -> Database:
        """The same server, another database."""
        return replace(self, connection={**self.connection, "PGDATABASE": database})

    def version(self) -> int:
        """The server's release, such as 15."""
        return int(self.run("SHOW server_version_num;")[0]) // 10000

    def size(self) -> int:
        """Bytes on the server's disk."""
        return int(self.run(f"SELECT pg_database_size({_literal(self.database)});")[0])

    def run(self, text: str) -> list[str]:
        """Run SQL; returns the lines of its results.

        :raises UserError: when the database can't be reached or refuses; the message is PostgreSQL's own.
        """
        # By standard input, because SQL may hold secrets too.
        return self._program("psql", *_PSQL, input=text.encode(), stdout=subprocess.PIPE).decode().splitlines()

    def tables_with_rows(self) -> list[str]:
        """The tables that hold at least one row."""
        tables = [name for name, kind in json.loads(self.run(_RELATIONS)[0] or "[]") if kind != "S"]
        return self.run("".join(f"SELECT {_literal(name)} WHERE EXISTS (SELECT FROM {name});" for name in tables))

    def dump(self, path: Path) -> Contents:
        """Write a dump to a new file; returns what the database held at that moment.

        :raises UserError: when the database can't be read or the file can't be written.
        """
        with _Session(self) as session:
            (snapshot,) = session.ask(
                f"{_SETTINGS} BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SELECT pg_export_snapshot();\n", 1
            )
            with open_private(path) as file:
                self._program("pg_dump", "--format=custom", f"--snapshot={snapshot}", stdout=file)
            return self._contents(session)

    def restore(self, path: Path) -> Contents:
        """Fill this empty database from a dump; returns what it holds then.

        :raises UserError: when the server refuses anything in the dump.
        """
        with path.open("rb") as file:
            self._program("pg_restore", "--exit-on-error", f"--dbname={self.database}", stdin=file)
        with _Session(self) as session:
            session.ask(_SETTINGS, 0)
            return self._contents(session)

    @contextmanager
    def replaced(self) -> Iterator[Database]:
        """An empty database to fill. When the block ends without an error, it takes the place of this one.

        After an error it is removed, and this one stays as it is.
        """
        server, new, old = self.on("postgres"), self.on(f"{self.database}_restored"), f"{self.database}_replaced"
        for left_over in (new.database, old):  # an earlier restore was killed, before or after the exchange
            server.run(f"DROP DATABASE IF EXISTS {_name(left_over)} WITH (FORCE);")
        # As the other one: who owns it, how it sorts.
        (create,) = server.run(
            f"SELECT format('CREATE DATABASE %I TEMPLATE template0 OWNER %I ENCODING %L LC_COLLATE %L LC_CTYPE %L;',"
            f" {_literal(new.database)}, pg_get_userbyid(datdba), pg_encoding_to_char(encoding), datcollate, datctype)"
            f" FROM pg_database WHERE datname = {_literal(self.database)};"
        )
        server.run(create)
        try:
            yield new
            self._exchange(new.database, old)
        except BaseException:
            with suppress(UserError):
                server.run(f"DROP DATABASE IF EXISTS {_name(new.database)} WITH (FORCE);")
            raise
        server.run(f"DROP DATABASE {_name(old)} WITH (FORCE);")

    def _exchange(self, new: str, old: str) -> None:
        """Give this database's name to another one. Sessions on both are ended; some come back at once."""
        mine = _literal(self.database), _literal(new)
        for tries_left in reversed(range(_TRIES)):
            try:
                self.on("postgres").run(
                    f"SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity"
                    f" WHERE datname IN ({', '.join(mine)});"
                    f" BEGIN; ALTER DATABASE {_name(self.database)} RENAME TO {_name(old)};"
                    f" ALTER DATABASE {_name(new)} RENAME TO {_name(self.database)}; COMMIT;"
                )
                return
            except UserError:
                if not tries_left:
                    raise

    def _contents(self, session: _Session) -> Contents:
        relations: list[tuple[str, str]] = json.loads(session.ask(_RELATIONS, 1)[0] or "[]")
        queries = [
            f"SELECT jsonb_build_array(last_value::text, is_called::text) FROM {name};\n"
            if kind == "S"
            else f"SELECT jsonb_build_array(count(*)::text, coalesce(sum({_HASH}), 0)::text) FROM {name} AS t;\n"
            for name, kind in relations
        ]
        answers = session.ask("".join(queries), len(queries))
        return {name: json.loads(answer) for (name, _), answer in zip(relations, answers, strict=True)}

    def _program(self, program: str, *arguments: str, **streams: Any) -> bytes:
        command = self.command(program, *arguments)
        with _needs(command):
            done = subprocess.run(command, env=self.environment(), stderr=subprocess.PIPE, **streams)
        if done.returncode != 0:
            raise self.error(program, done.stderr or f"it ended with status {done.returncode}".encode())
        return done.stdout

    def error(self, program: str, said: bytes) -> UserError:
        """The error for what a program said."""
        return UserError(f"{program} failed on the database {self.database}: {said.decode(errors='replace').strip()}")

    def command(self, program: str, *arguments: str) -> list[str]:
        """The command line that runs a program of PostgreSQL's where the programs are."""
        if not self.container:
            return [str(Path(self.folder) / program), *arguments]
        # A name without a value: docker takes the value from its own environment.
        names = [word for name in self.connection for word in ("--env", name)]
        return ["docker", "exec", "--interactive", *names, self.container, program, *arguments]

    def environment(self) -> dict[str, str]:
        """The environment of such a command, with the login."""
        return {**os.environ, "PGCLIENTENCODING": "UTF8", "PGCONNECT_TIMEOUT": "10", **self.connection}


class _Session:
    """A psql that is asked several times in one session, for what one snapshot shows."""

    def __init__(self, database: Database) -> None:
        self._database = database
        command = database.command("psql", *_PSQL)
        with _needs(command):
            self._process = subprocess.Popen(
                command,
                env=database.environment(),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
            )

    def __enter__(self) -> _Session:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.communicate()

    def ask(self, text: str, lines: int) -> list[str]:
        """Run SQL; returns as many lines of its results.

        :raises UserError: when psql ends instead; the message is PostgreSQL's own.
        """
        if self._process.stdin is None or self._process.stdout is None:
            raise AssertionError("both are pipes")
        with suppress(BrokenPipeError):
            self._process.stdin.write(text.encode())
            self._process.stdin.flush()
        found = [self._process.stdout.readline() for _ in range(lines)]
        if found and not found[-1]:
            _, errors = self._process.communicate()
            raise self._database.error("psql", errors)
        return [line.decode().rstrip("\n") for line in found]


@contextmanager
def _needs(command: list[str]) -> Iterator[None]:
    try:
        yield
    except FileNotFoundError:
        raise UserError(f"{command[0]} is not on this machine: install it, then run this again.") from None


def _name(text: str) -> str:
    return '"' + text.replace('"', '""') + '"'


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
