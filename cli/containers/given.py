"""terraform/given.json: the settings that `make up` was given, so that every later command sees the same stack.

Without it, a `make down` that gets no TF_VAR_ports would speak to whatever listens on the default ports. A tfvars file
of Terraform can't hold these: it would win over the environment, by which the next `make up` gets its settings.
"""

from __future__ import annotations

import json
from collections.abc import MutableMapping
from pathlib import Path

from cli.errors import UserError
from cli.files import write_private

FILE = "given.json"
_PREFIX = "TF_VAR_"
# Made by `make secrets`, in a file of their own.
_NOT_KEPT = {f"{_PREFIX}secrets"}


def recall(terraform: Path, environment: MutableMapping[str, str]) -> list[str]:
    """Set what was given before and is not given now; returns the variables that are set so.

    A variable that is given now and is empty counts as not given, then and now.

    :param terraform: the folder with the root module.
    :param environment: gets TF_VAR_name for each.
    :raises UserError: when the file is not what `make up` writes.
    """
    recalled = []
    for name, value in _read(terraform).items():
        if name not in environment:
            environment[name] = value
            recalled.append(name.removeprefix(_PREFIX))
    for name in [name for name in environment if name.startswith(_PREFIX) and not environment[name]]:
        del environment[name]
    return recalled


def keep(terraform: Path, environment: MutableMapping[str, str]) -> None:
    """Write down what is given: it may have a webhook in it, so that only this user can read the file."""
    given = {name: environment[name] for name in sorted(environment) if name.startswith(_PREFIX)}
    text = json.dumps({name: given[name] for name in given.keys() - _NOT_KEPT}, indent=2, sort_keys=True)
    write_private(terraform / FILE, text + "\n")


def forget(terraform: Path) -> None:
    """Remove what is written: the stack is gone."""
    (terraform / FILE).unlink(missing_ok=True)


def _read(terraform: Path) -> dict[str, str]:
    path = terraform / FILE
    if not path.exists():
        return {}
    try:
        return {str(name): str(value) for name, value in json.loads(path.read_text()).items()}
    except (ValueError, AttributeError) as error:
        raise UserError(f"{path} is not what `make up` writes: remove it, and give your settings again.") from error
