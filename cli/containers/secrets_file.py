"""terraform/secrets.auto.tfvars.json: the secrets of a stack in containers. They are made once and kept."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

from cli.errors import UserError
from cli.files import write_private
from cli.names import SECRETS
from cli.secrets import new_secret

FILE = "secrets.auto.tfvars.json"
#: Where releases before names.yaml kept them, one variable for each.
OLD_FILE = "secrets.auto.tfvars"


def missing_secrets(terraform: Path) -> list[str]:
    """The names of the secrets that are not written yet.

    :param terraform: the folder with the root module.
    :raises UserError: when the file is not what `make secrets` writes.
    """
    written = _written(terraform)
    return [name for name in SECRETS if name not in written]


def write_secrets(terraform: Path, kept: Mapping[str, str]) -> bool:
    """Write the secrets that are missing; returns whether any of them is new.

    :param kept: the secrets of a stack that is there already. Any other is made.
    :raises UserError: when the file is not what `make secrets` writes.
    """
    written = _written(terraform)
    missing = [name for name in SECRETS if name not in written]
    written |= {name: kept.get(name) or new_secret(name) for name in missing}
    write_private(terraform / FILE, json.dumps({"secrets": written}, indent=2, ensure_ascii=False) + "\n")
    return not kept.keys() >= set(missing)


def read_secrets(terraform: Path) -> dict[str, str]:
    """All secrets that are written, by name.

    :raises UserError: when there are none, or the file is not what `make secrets` writes.
    """
    path = terraform / FILE
    if not path.exists():
        raise UserError(f"{path} does not exist: `make up` writes it.")
    try:
        return dict(json.loads(path.read_text())["secrets"])
    except (ValueError, KeyError, TypeError) as error:
        raise UserError(f'{path} is not JSON of the form {{"secrets": {{"name": "value"}}}}.') from error


def read_old_file(terraform: Path) -> tuple[dict[str, str], bool]:
    """The secrets in the file of an older release, and whether that file holds anything else. Empty without a file.

    Terraform itself reads the file, in an empty folder where only the secrets are declared as variables.

    :raises UserError: when Terraform can't read it.
    """
    path = terraform / OLD_FILE
    if not path.exists():
        return {}, False
    with TemporaryDirectory() as folder:  # for this user alone
        shutil.copy(path, folder)
        declared = {"variable": {name: {"type": "string", "default": None} for name in SECRETS}}
        (Path(folder) / "main.tf.json").write_text(json.dumps(declared))
        expression = "jsonencode({" + ", ".join(f"{name} = var.{name}" for name in SECRETS) + "})"
        command = ["terraform", f"-chdir={folder}", "console", "-no-color"]
        done = subprocess.run(command, input=expression, capture_output=True, text=True)
    if done.returncode != 0:
        raise UserError(f"{path} can't be read: {done.stderr.strip()}")
    values = json.loads(json.loads(done.stdout.splitlines()[-1]))
    return {name: value for name, value in values.items() if value}, "undeclared variable" in done.stdout + done.stderr


def _written(terraform: Path) -> dict[str, str]:
    return read_secrets(terraform) if (terraform / FILE).exists() else {}
