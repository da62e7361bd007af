"""The settings of one demo: its folder, ports and passwords. They are made once and kept in its folder."""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from cli.errors import UserError
from cli.files import write_private
from cli.names import DATABASES, SECRETS, SUPERUSER, password_of
from cli.secrets import new_secret

LOOPBACK = "127.0.0.1"

#: The demo has one database server for all databases. Its superuser has the password of the source server's.
SUPERUSER_PASSWORD = "source_admin_password"  # noqa: S105 - the name of a secret


@dataclass(frozen=True)
class Settings:
    """The folder of a demo's files, its ports and its passwords."""

    home: Path
    ports: Mapping[str, int]
    secrets: Mapping[str, str]

    @property
    def airflow_url(self) -> str:
        return f"http://{LOOPBACK}:{self.ports['airflow']}"

    @property
    def lake_endpoint(self) -> str:
        return f"http://{LOOPBACK}:{self.ports['s3']}"

    @property
    def currency_url(self) -> str:
        return f"http://{LOOPBACK}:{self.ports['currency_api']}"

    def dsn(self, database: str, user: str = SUPERUSER, secret: str = SUPERUSER_PASSWORD) -> str:
        """A connection URL; ``database`` is its name in PostgreSQL, ``secret`` the name of the user's secret."""
        return f"postgresql://{user}:{self.secrets[secret]}@{LOOPBACK}:{self.ports['postgres']}/{database}"

    @property
    def source_dsn(self) -> str:
        return self.dsn(DATABASES["source"])

    @property
    def warehouse_dsn(self) -> str:
        return self.dsn(DATABASES["warehouse"])

    def passwords(self, *roles: str) -> dict[str, str]:
        """Roles => their passwords, as source/roles.sql and warehouse/roles.sql read them."""
        return {role: self.secrets[password_of(role)] for role in roles}


def load_or_create(home: Path, environment: Mapping[str, str], default_ports: Mapping[str, int]) -> Settings:
    """Read the settings in a demo's folder, or make them there the first time.

    :param environment: NAME_PORT changes a port.
    :param default_ports: name => port, unless it is changed.
    :raises UserError: when a port is not a number or is another's too, when it is changed after the demo was made, or
        when another release of this repository made the demo.
    """
    kept = home / "settings.json"
    wanted = _ports_asked_for(environment, default_ports)
    if kept.exists():
        content = json.loads(kept.read_text())
        if not content["secrets"].keys() <= set(SECRETS) or not content["ports"].keys() <= default_ports.keys():
            raise UserError(f"{home} holds a demo of another release: run `make demo-down`, which removes its data.")
        for name, port in wanted.items():
            if content["ports"].get(name) != port:
                raise UserError(
                    f"{port_variable(name)}={port}, but this demo was made with port {content['ports'].get(name)}:"
                    " run `make demo-down` first, or leave the variable out."
                )
        # A demo of an older release may lack some of them.
        settings = Settings(home, {**default_ports, **content["ports"]}, generate_secrets() | content["secrets"])
    else:
        home.mkdir(parents=True, exist_ok=True)
        settings = Settings(home, {**default_ports, **wanted}, generate_secrets())
    write_private(kept, json.dumps({"ports": settings.ports, "secrets": settings.secrets}, indent=2))
    return settings


def generate_secrets() -> dict[str, str]:
    """A new value for every secret."""
    return {name: new_secret(name) for name in SECRETS}


def runtime_directory(home: Path) -> Path:
    """The folder of a demo's Unix sockets, for this user and this demo alone.

    A socket's path may have 107 bytes at most, and the path of the demo's folder may be longer.
    """
    return Path(tempfile.gettempdir()) / f"bikes-store-{os.getuid()}-{digest(home)}"


def digest(home: Path) -> str:
    """A short code of a demo's folder, for the names of the demo's files outside that folder."""
    return hashlib.sha256(str(home.resolve()).encode()).hexdigest()[:12]


def port_variable(port_name: str) -> str:
    """The environment variable that changes a port."""
    return f"{port_name.upper()}_PORT"


def _ports_asked_for(environment: Mapping[str, str], default_ports: Mapping[str, int]) -> dict[str, int]:
    ports = {}
    for name in default_ports:
        text = environment.get(port_variable(name), "")
        if not text:
            continue
        if not (text.isascii() and text.isdigit()) or not 1024 <= int(text) <= 65535:
            raise UserError(f"{port_variable(name)}={text} is not a port: give a number from 1024 to 65535.")
        ports[name] = int(text)
    used = {**default_ports, **ports}
    for name, port in ports.items():
        if others := [port_variable(other) for other in used if other != name and used[other] == port]:
            raise UserError(
                f"{port_variable(name)}={port} is the port of {others[0]} too: give each a port of its own."
            )
    return ports
