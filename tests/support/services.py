"""The objects that tests get from the fixtures of real services."""

from __future__ import annotations

import hashlib
import hmac
import os
import signal
import time
from base64 import b64encode
from contextlib import closing
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import psycopg2
from psycopg2 import sql

from cli.names import SUPERUSER
from cli.processes import lake
from cli.processes.settings import SUPERUSER_PASSWORD, Settings
from cli.processes.supervisor import Supervisor

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


@dataclass
class Services:
    """The services of a test session, on ports of their own."""

    settings: Settings
    supervisor: Supervisor
    _started: set[str] = field(default_factory=set)

    def need(self, name: str) -> None:
        if name not in self._started:
            self.supervisor.start(name)
            self.supervisor.wait_ready(name, seconds=60)
            self._started.add(name)

    def crash(self, name: str) -> None:
        """Kill a service: nothing that it would do at its end happens."""
        os.kill(self.supervisor.pid(name), signal.SIGKILL)

    def restart(self, name: str) -> None:
        """Start a service that was killed or stopped, and wait until it does its work."""
        while self.supervisor.pid(name):  # supervisord has not noticed yet
            time.sleep(0.05)
        self.supervisor.start(name)
        self.supervisor.wait_ready(name, seconds=60)


class Postgres:
    """A PostgreSQL server, used as its superuser."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings

    def dsn(self, database: str = "postgres") -> str:
        return self.settings.dsn(database)

    def configure(self, **settings: str) -> None:
        """Change settings that need no restart; they stay until the cluster is removed."""
        changes = [
            sql.SQL("ALTER SYSTEM SET {} = {}").format(sql.Identifier(name), sql.Literal(value))
            for name, value in settings.items()
        ]
        self._execute(*changes, sql.SQL("SELECT pg_reload_conf()"))

    def make_logins_quick(self) -> None:
        """Have the superuser's password hashed once for a login, and not 4096 times: 2 ms of processor time less.

        Tests log in many thousand times. Other roles, and a wrong password, are checked as always.
        """
        verifier = sql.Literal(_scram_verifier(self.settings.secrets[SUPERUSER_PASSWORD]))
        self._execute(sql.SQL("ALTER ROLE {} PASSWORD {}").format(sql.Identifier(SUPERUSER), verifier))

    def create_database(self, name: str, template: str | None = None) -> str:
        """Make a database, empty or as a copy of ``template``, in place of one of that name; returns its DSN."""
        identifiers = sql.Identifier(name), sql.Identifier(template or "template1")
        self._execute(
            sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(identifiers[0]),
            sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(*identifiers),
        )
        return self.dsn(name)

    def _execute(self, *statements: sql.Composable) -> None:
        """Each by itself: what concerns the whole cluster can't be in a transaction."""
        with closing(psycopg2.connect(self.dsn())) as connection, connection.cursor() as cursor:
            connection.autocommit = True
            for statement in statements:
                cursor.execute(statement)


def _scram_verifier(password: str) -> str:
    """What PostgreSQL keeps of a password, with one iteration (RFC 5802, section 3)."""
    salt = os.urandom(16)
    salted = hashlib.pbkdf2_hmac("sha256", password.encode(), salt, 1)
    stored = hashlib.sha256(hmac.digest(salted, b"Client Key", "sha256")).digest()
    keys = [b64encode(part).decode() for part in (salt, stored, hmac.digest(salted, b"Server Key", "sha256"))]
    return "SCRAM-SHA-256$1:{}${}:{}".format(*keys)


def lake_at(settings: Settings, port: int) -> S3Client:
    """A client of the lake on the way through a proxy, given by its port."""
    return lake.client(replace(settings, ports={**settings.ports, "s3": port}))
