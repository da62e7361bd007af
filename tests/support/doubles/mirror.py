"""A filesystem mirror that gives the doubles to Terraform, in place of the registry.

https://developer.hashicorp.com/terraform/cli/config/config-file#provider-installation
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

from cli.paths import REPOSITORY
from tests.support.doubles.schema import read_schema

DOUBLES = ("docker", "minio", "grafana")


def write_mirror(folder: Path) -> dict[str, str]:
    """Make the mirror in a folder; returns the environment that makes Terraform use it."""
    for name in DOUBLES:
        source = read_schema(name).source
        version = _version(source.split("/", 1)[1])
        place = folder / "mirror" / source / version / "linux_amd64"
        place.mkdir(parents=True)
        # `init` hashes the whole folder, so it holds only this file.
        binary = place / f"terraform-provider-{name}_v{version}"
        binary.write_text(
            f'#!/bin/sh\ncd "{REPOSITORY}" && PYTHONPATH="{REPOSITORY}:{REPOSITORY}/dags"'
            f' exec "{sys.executable}" -m tests.support.doubles.{name}_double "$@"\n'
        )
        binary.chmod(0o755)
    configuration = folder / "terraform.rc"
    configuration.write_text(
        "disable_checkpoint = true\n"
        f'provider_installation {{\n  filesystem_mirror {{\n    path = "{folder / "mirror"}"\n  }}\n}}\n'
    )
    return {"TF_CLI_CONFIG_FILE": str(configuration), "TF_IN_AUTOMATION": "1", "TF_INPUT": "0"}


def _version(source: str) -> str:
    """The version that terraform/versions.tf asks for."""
    text = (REPOSITORY / "terraform" / "versions.tf").read_text()
    found = re.search(rf'source\s*=\s*"{re.escape(source)}"\s*version\s*=\s*"([0-9.]+)"', text)
    if found is None:
        raise LookupError(f"terraform/versions.tf asks for no version of {source}")
    return found[1]
