"""The settings of one demo: its folder, ports and passwords. They are made once and kept in its folder.

A port that another program holds when the demo is made is left to it: the demo takes the next free one. From then on it
keeps its ports, unless somebody asks for another.
"""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from cli.errors import UserError
from cli.files import write_private
from cli.names import DATABASES, SECRETS, SUPERUSER, password_of
from cli.ports import LOOPBACK, find_holder, next_free
from cli.secrets import new_secret

#: The demo has one database server for all databases. Its superuser has the password of the source server's.
SUPERUSER_PASSWORD = "source_admin_password"  # noqa: S105 - the name of a secret


@dataclass(frozen=True)
class Settings:
    """The folder of a demo's files, its ports and its passwords.

    ``left_ports`` are those that a service had before somebody asked for another.
    """

    home: Path
    ports: Mapping[str, int]
    secrets: Mapping[str, str]
    left_ports: Mapping[str, list[int]] = field(default_factory=dict)

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


def load_or_create(
    home: Path,
    environment: Mapping[str, str],
    default_ports: Mapping[str, int],
    is_free: Callable[[str, int], bool] = lambda name, port: True,
    say: Callable[[str], None] = lambda sentence: None,
) -> Settings:
    """Read the settings in a demo's folder, or make them there the first time.

    :param environment: NAME_PORT asks for a port.
    :param default_ports: name => port, unless another is asked for.
    :param is_free: whether a service of that name can have a port.
    :param say: gets a sentence when the ports are not the usual ones.
    :raises UserError: when a port that is asked for is no number, is another's too or is taken, or when another release
        of this repository made the demo.
    """
    kept = home / "settings.json"
    if kept.exists():
        content = json.loads(kept.read_text())
        if not content["secrets"].keys() <= set(SECRETS) or not content["ports"].keys() <= default_ports.keys():
            raise UserError(f"{home} holds a demo of another release: run `make demo-down`, which removes its data.")
        # A demo of an older release may lack some of them.
        before: Mapping[str, int] = {**default_ports, **content["ports"]}
        secrets, left = generate_secrets() | content["secrets"], dict(content.get("left_ports", {}))
    else:
        home.mkdir(parents=True, exist_ok=True)
        before, secrets, left = default_ports, generate_secrets(), {}
    wanted = _ports_asked_for(environment, before)
    ports = {**before, **wanted}
    new = {name: port for name, port in wanted.items() if not kept.exists() or port != before[name]}
    check_free(new, ports, is_free)
    if kept.exists():
        left |= {name: [*left.get(name, []), before[name]] for name in wanted if wanted[name] != before[name]}
        if unusual := {name: port for name, port in ports.items() if port != default_ports[name]}:
            say(f"Ports of this demo, which it keeps: {_listed(unusual)}.")
    else:
        ports |= _moved({name: port for name, port in before.items() if name not in wanted}, ports, is_free)
        if moved := {name: port for name, port in ports.items() if name not in wanted and port != before[name]}:
            taken = [str(before[name]) for name in moved]
            verb = "is" if len(taken) == 1 else "are"
            say(f"{', '.join(taken)} {verb} in use on this machine, so this demo takes {_listed(moved)}.")
    settings = Settings(home, ports, secrets, left)
    content = {"ports": settings.ports, "secrets": settings.secrets, "left_ports": settings.left_ports}
    write_private(kept, json.dumps(content, indent=2))
    return settings


def check_free(wanted: Mapping[str, int], used: Mapping[str, int], is_free: Callable[[str, int], bool]) -> None:
    """Check that services can have their ports.

    :param wanted: the ports to look at, by the services' names.
    :param used: all ports of the demo.
    :raises UserError: when some are taken. The message says who holds one, and which command takes other ports.
    """
    taken = {name: port for name, port in wanted.items() if not is_free(name, port)}
    if not taken:
        return
    others = _listed(_moved(taken, used, is_free), " ")
    first = next(iter(taken.values()))
    holder = find_holder(first) or find_holder(first, udp=True) or "another demo that starts"
    shown = ", ".join(f"{port} ({name.replace('_', ' ')})" for name, port in taken.items())
    if len(taken) == 1:
        raise UserError(
            f"The port {shown} of the demo is in use on this machine: {holder} holds it. Stop that, or take another"
            f" port: `make demo {others}`."
        )
    raise UserError(
        f"Ports of the demo are in use on this machine: {shown}. {holder} holds {first}. Stop what holds them, or take"
        f" others: `make demo {others}`."
    )


def _moved(
    usual: Mapping[str, int], all_ports: Mapping[str, int], is_free: Callable[[str, int], bool]
) -> dict[str, int]:
    """Another port for each service whose usual one is taken."""
    used, moved = set(all_ports.values()), {}
    for name, port in usual.items():
        if not is_free(name, port):
            moved[name] = next_free(port, used, partial(is_free, name))
            used.add(moved[name])
    return moved


def _listed(ports: Mapping[str, int], separator: str = ", ") -> str:
    return separator.join(f"{port_variable(name)}={port}" for name, port in ports.items())


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


def _ports_asked_for(environment: Mapping[str, str], others: Mapping[str, int]) -> dict[str, int]:
    ports = {}
    for name in others:
        text = environment.get(port_variable(name), "")
        if not text:
            continue
        if not (text.isascii() and text.isdigit()) or not 1024 <= int(text) <= 65535:
            raise UserError(f"{port_variable(name)}={text} is not a port: give a number from 1024 to 65535.")
        ports[name] = int(text)
    used = {**others, **ports}
    for name, port in ports.items():
        if same := [port_variable(other) for other in used if other != name and used[other] == port]:
            raise UserError(f"{port_variable(name)}={port} is the port of {same[0]} too: give each a port of its own.")
    return ports
