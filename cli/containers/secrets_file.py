"""terraform/secrets.auto.tfvars: the passwords of a stack in containers. Made once, read ever after."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path

from cli.errors import UserError
from cli.files import write_private
from cli.secrets import new_secret

_FILE = "secrets.auto.tfvars"
_DECLARED = re.compile(r'^variable "(\w+)"', re.MULTILINE)
_WRITTEN = re.compile(r'^\s*(\w+)\s*=\s*("(?:[^"\\]|\\.)*")', re.MULTILINE)
_HEAD = "# Made by `make up`. Who has this file has the platform.\n"


def missing_secrets(terraform: Path) -> list[str]:
    """The secrets that terraform/secrets.tf declares and that are not written yet.

    :param terraform: the folder with the root module.
    """
    path = terraform / _FILE
    known = _parse(path.read_text()) if path.exists() else {}
    return [name for name in _DECLARED.findall((terraform / "secrets.tf").read_text()) if name not in known]


def write_secrets(terraform: Path, kept: Mapping[str, str]) -> bool:
    """Write what is missing of them; returns whether any had to be made.

    :param kept: those of a stack that is there, which it goes on with; any other is made.
    """
    path = terraform / _FILE
    missing = missing_secrets(terraform)
    there = path.read_text() if path.exists() else _HEAD
    lines = (f"{name} = {_quote(kept.get(name) or new_secret(name))}\n" for name in missing)
    write_private(path, there + "".join(lines))
    return not kept.keys() >= set(missing)


def read_secrets(terraform: Path) -> dict[str, str]:
    """:raises UserError: when there is none."""
    path = terraform / _FILE
    if not path.exists():
        raise UserError(f"{path} does not exist: `make up` writes it.")
    return _parse(path.read_text())


# Strings of HCL are those of JSON, but for what begins an expression in them.
# https://developer.hashicorp.com/terraform/language/expressions/strings
def _parse(text: str) -> dict[str, str]:
    return {name: json.loads(value).replace("$${", "${").replace("%%{", "%{") for name, value in _WRITTEN.findall(text)}


def _quote(value: str) -> str:
    return json.dumps(value, ensure_ascii=False).replace("${", "$${").replace("%{", "%%{")
