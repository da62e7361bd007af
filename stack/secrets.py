"""terraform/secrets.auto.tfvars: the passwords of a stack in containers. Made once, read ever after."""

from __future__ import annotations

import re
from pathlib import Path

from demo.settings import DemoError, new_fernet_key, new_password, write_private

_DECLARED = re.compile(r'^variable "(\w+)"', re.MULTILINE)
_WRITTEN = re.compile(r'^\s*(\w+)\s*=\s*"([^"\\]*)"\s*$', re.MULTILINE)
_HEAD = "# Made by `make up`. Who has this file has the platform. Removing it locks you out of what is up.\n"


def write_secrets(terraform: Path) -> bool:
    """Write what is missing of the secrets that terraform/secrets.tf declares; returns whether any was.

    :param terraform: the folder with the root module.
    """
    path = terraform / "secrets.auto.tfvars"
    there = path.read_text() if path.exists() else _HEAD
    known = dict(_WRITTEN.findall(there))
    missing = [name for name in _DECLARED.findall((terraform / "secrets.tf").read_text()) if name not in known]
    if missing:
        made = {name: new_fernet_key() if name == "airflow_fernet_key" else new_password() for name in missing}
        lines = (f'{name} = "{value}"\n' for name, value in made.items())
        write_private(path, there + "".join(lines))
    return bool(missing)


def read_secrets(terraform: Path) -> dict[str, str]:
    """:raises DemoError: when there is none."""
    path = terraform / "secrets.auto.tfvars"
    if not path.exists():
        raise DemoError(f"{path} does not exist: `make up` writes it.")
    return dict(_WRITTEN.findall(path.read_text()))
