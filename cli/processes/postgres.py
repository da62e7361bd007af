"""The demo's PostgreSQL: one cluster of this machine's own PostgreSQL for the three databases of the stack.

It listens on TCP on loopback only, and every login needs a password. It shares nothing with a cluster that the machine
already runs.
"""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from contextlib import closing
from pathlib import Path
from typing import Any

import psycopg2
from psycopg2 import sql

from cli.database import connect, psql_of, query
from cli.errors import UserError
from cli.files import write_private
from cli.names import SUPERUSER
from cli.processes.postgres_programs import find_binaries, release_of
from cli.processes.settings import LOOPBACK, SUPERUSER_PASSWORD, Settings, digest
from cli.processes.supervisor import Service
from source.psql import Psql

PORTS = {"postgres": 15432}

# PostgreSQL refuses to run as root; Debian's package brings this user.
_SERVER_USER = "postgres"

# A link in the demo's folder leads to the cluster's files. They are in that folder too. But if root runs the demo and
# the user postgres can't get there, they are in a folder of the system, under a name that no other cluster ever had.
_LINK, _INSIDE, _OUTSIDE = "postgres", "cluster", Path("/var/lib")


def service(settings: Settings) -> Service:
    """PostgreSQL as a service; :func:`create_cluster` comes before its first start."""
    command = [str(find_binaries() / "postgres"), "-D", str(data_directory(settings.home))]
    options = {
        "port": settings.ports["postgres"],
        "listen_addresses": LOOPBACK,
        "unix_socket_directories": "",
        "max_connections": 200,
        "shared_buffers": "256MB",
        "max_wal_size": "2GB",
        # initdb writes down the zone of whoever starts the demo, and `now()` without a zone would be that zone's time.
        "timezone": "UTC",
        "log_timezone": "UTC",
        "client_connection_check_interval": "5s",  # a statement whose client was killed ends
    }
    for name, value in options.items():
        command += ["-c", f"{name}={value}"]
    return Service(
        "postgres",
        command,
        ready=lambda: _answers(settings),
        directory=data_directory(settings.home),
        user=_SERVER_USER if os.getuid() == 0 else None,
        stop_signal="INT",  # a fast shutdown: sessions are ended, nothing is lost
        # Sessions of a server that was killed take a moment to notice. They hold its shared memory until then, and no
        # other server starts meanwhile. Ten seconds in all.
        start_retries=4,
        priority=0,
    )


def data_directory(home: Path) -> Path:
    """Where the cluster's files are, or will be: the target of the link ``postgres`` in the demo's folder."""
    return (home / _LINK).resolve()


def create_cluster(settings: Settings) -> bool:
    """Make the cluster unless it exists; returns whether it was made."""
    directory = data_directory(settings.home)
    if (directory / "PG_VERSION").exists():
        made_by = int((directory / "PG_VERSION").read_text())
        if made_by != release_of(find_binaries()):
            raise UserError(
                f"{directory} was made by PostgreSQL {made_by}, but this machine now has"
                f" {release_of(find_binaries())}: run `make demo-down`, which removes the demo's data."
            )
        return False
    # An initdb that did not end may have left files; so may a demo whose folder, with the passwords, was removed.
    remove_cluster(settings.home)
    directory = _new_directory(settings.home)
    password_file = directory.parent / "superuser-password"
    write_private(password_file, settings.secrets[SUPERUSER_PASSWORD])
    if os.getuid() == 0:
        for path in (directory, password_file):
            shutil.chown(path, _SERVER_USER, pwd.getpwnam(_SERVER_USER).pw_gid)
    try:
        _run_as_server(
            [
                str(find_binaries() / "initdb"),
                f"--pgdata={directory}",
                f"--username={SUPERUSER}",
                f"--pwfile={password_file}",
                "--auth=scram-sha-256",
                "--encoding=UTF8",
                "--locale=C.UTF-8",
            ]
        )
    finally:
        password_file.unlink()
    # The link comes last, in the folder that holds the password: without both, there is no cluster.
    (settings.home / _LINK).symlink_to(directory)
    return True


def remove_cluster(home: Path) -> bool:
    """Remove the files of a folder's cluster, wherever they are; returns whether there were any."""
    link = home / _LINK
    folders = [home / _INSIDE, *_OUTSIDE.glob(f"bikes-store-{digest(home)}*")]
    if link.is_symlink():
        link.unlink()
    else:
        folders.append(link)  # older releases of this repository kept the files themselves here
    found = [folder for folder in folders if folder.exists()]
    for folder in found:
        shutil.rmtree(folder)
    return bool(found)


def create_database(settings: Settings, name: str, owner: str = SUPERUSER) -> bool:
    """Make a database unless it exists; returns whether it was made."""
    with closing(psycopg2.connect(settings.dsn("postgres"))) as connection:
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute("SELECT FROM pg_database WHERE datname = %s", (name,))
            if cursor.fetchone() is not None:
                return False
            cursor.execute(sql.SQL("CREATE DATABASE {} OWNER {}").format(sql.Identifier(name), sql.Identifier(owner)))
    return True


def create_role(settings: Settings, name: str, password: str) -> None:
    """Make a role that may log in, or set its password again."""
    with connect(settings.dsn("postgres")) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT FROM pg_roles WHERE rolname = %s", (name,))
        verb = "CREATE" if cursor.fetchone() is None else "ALTER"
        cursor.execute(
            sql.SQL("{} ROLE {} LOGIN PASSWORD {}").format(sql.SQL(verb), sql.Identifier(name), sql.Literal(password))
        )


def psql(dsn: str) -> Psql:
    """This machine's psql on the database of a connection URL."""
    return psql_of(dsn, str(find_binaries() / "psql"))


def _new_directory(home: Path) -> Path:
    inside = home.resolve() / _INSIDE
    if os.getuid() != 0 or all(parent.stat().st_mode & 0o001 for parent in inside.parents):
        inside.mkdir(mode=0o700)
        return inside
    outside = Path(tempfile.mkdtemp(prefix=f"bikes-store-{digest(home)}-", dir=_OUTSIDE))
    outside.chmod(0o711)
    directory = outside / "postgres"
    directory.mkdir(mode=0o700)
    return directory


def _answers(settings: Settings) -> bool:
    return query(settings.dsn("postgres"), "SELECT 1") == [(1,)]


def _run_as_server(command: list[str]) -> None:
    who: dict[str, Any] = {}
    if os.getuid() == 0:
        who = {"user": _SERVER_USER, "group": _SERVER_USER, "extra_groups": []}
    done = subprocess.run(command, capture_output=True, text=True, cwd="/", **who)
    if done.returncode != 0:
        raise UserError(f"{Path(command[0]).name} failed: {done.stderr.strip()}")
