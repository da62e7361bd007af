"""What one demo is made of: its folder, its ports, its passwords. Made once, kept under ``.demo/``, read ever after."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import secrets
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parent.parent
LOOPBACK = "127.0.0.1"


class DemoError(Exception):
    """Ends the command. The message is for a person: what is wrong, where, and what to do."""


#: What listens where. An environment variable NAME_PORT moves one, for instance AIRFLOW_PORT=9090.
DEFAULT_PORTS = {
    "airflow": 8080,
    "postgres": 15432,
    "broker": 16379,
    "currency_api": 18000,
    "s3": 8333,
    # The object store's own parts; each also listens on a port of its own for gRPC.
    "s3_master": 19333,
    "s3_volume": 19340,
    "s3_filer": 18888,
    "s3_master_grpc": 19334,
    "s3_volume_grpc": 19341,
    "s3_filer_grpc": 18889,
    "s3_grpc": 18333,
    "statsd": 18125,
    "statsd_web": 19102,
    "prometheus": 19090,
}

_SUPERUSER = "postgres_password"
_SECRETS = (
    _SUPERUSER,
    "airflow_db_password",
    "airflow_password",
    "airflow_secret_key",
    "source_password",
    "staging_password",
    "dbt_password",
    "reporter_password",
    "s3_access_key",
    "s3_secret_key",
    "broker_password",
)


@dataclass(frozen=True)
class Settings:
    """Where a stack keeps its files, which ports it uses and which passwords."""

    home: Path
    ports: Mapping[str, int]
    secrets: Mapping[str, str]

    @property
    def airflow_url(self) -> str:
        return f"http://{LOOPBACK}:{self.ports['airflow']}"

    @property
    def s3_endpoint(self) -> str:
        return f"http://{LOOPBACK}:{self.ports['s3']}"

    @property
    def currency_url(self) -> str:
        return f"http://{LOOPBACK}:{self.ports['currency_api']}"

    def dsn(self, database: str, user: str = "postgres", secret: str = _SUPERUSER) -> str:
        """A connection URL; ``secret`` names one of the secrets."""
        return f"postgresql://{user}:{self.secrets[secret]}@{LOOPBACK}:{self.ports['postgres']}/{database}"

    @property
    def source_dsn(self) -> str:
        return self.dsn("bikes-store")

    @property
    def warehouse_dsn(self) -> str:
        return self.dsn("warehouse")


def load_or_create(home: Path, environment: Mapping[str, str]) -> Settings:
    """The settings kept in a demo's folder, made there the first time.

    :raises DemoError: when a port is not a number, or is moved after the demo was made.
    """
    kept = home / "settings.json"
    wanted = _ports_asked_for(environment)
    if kept.exists():
        content = json.loads(kept.read_text())
        for name, port in wanted.items():
            if content["ports"].get(name) != port:
                raise DemoError(
                    f"{port_variable(name)}={port}, but this demo was made with port {content['ports'].get(name)}:"
                    " run `make demo-down` first, or leave the variable out."
                )
        # A demo made by an older release of this repository may lack some.
        settings = Settings(home, DEFAULT_PORTS | content["ports"], generate_secrets() | content["secrets"])
    else:
        home.mkdir(parents=True, exist_ok=True)
        settings = Settings(home, DEFAULT_PORTS | wanted, generate_secrets())
    write_private(kept, json.dumps({"ports": settings.ports, "secrets": settings.secrets}, indent=2))
    return settings


def generate_secrets() -> dict[str, str]:
    """New passwords."""
    return {name: new_password() for name in _SECRETS} | {"fernet_key": new_fernet_key()}


def new_password() -> str:
    """Letters and digits only, so that it fits any URL or file as it is."""
    return secrets.token_hex(16)


def new_fernet_key() -> str:
    """What Airflow encrypts connections with: 32 bytes, in a form of its own."""
    return base64.urlsafe_b64encode(secrets.token_bytes(32)).decode()


def runtime_directory(home: Path) -> Path:
    """Where a demo's Unix sockets are: a folder of this user's and this demo's own.

    A socket's path may have 107 bytes, and the demo's folder may be deeper than that.
    """
    return Path(tempfile.gettempdir()) / f"bikes-store-{os.getuid()}-{digest(home)}"


def digest(home: Path) -> str:
    """What tells one demo's files outside its folder from another's: made from the folder's path."""
    return hashlib.sha256(str(home.resolve()).encode()).hexdigest()[:12]


def write_private(path: Path, text: str) -> None:
    """Write a file that only its owner can read, from its first byte on."""
    path.unlink(missing_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)


def port_variable(port_name: str) -> str:
    """The environment variable that moves a port."""
    return f"{port_name.upper()}_PORT"


def _ports_asked_for(environment: Mapping[str, str]) -> dict[str, int]:
    ports = {}
    for name in DEFAULT_PORTS:
        text = environment.get(port_variable(name), "")
        if not text:
            continue
        if not text.isdigit() or not 1024 <= int(text) <= 65535:
            raise DemoError(f"{port_variable(name)}={text} is not a port: give a number from 1024 to 65535.")
        ports[name] = int(text)
    return ports
