"""`make cluster-render`: write what Kubernetes and Airflow's official Helm chart get.

    python -m cli.kubernetes

It reads deploy/kubernetes/settings.yaml, or the file that SETTINGS names, and writes into deploy/kubernetes/rendered,
or the folder that OUTPUT names. CHART names another place of the chart: a folder, a file. It asks no cluster.
"""

from __future__ import annotations

import os
import shlex
import sys
from pathlib import Path

from rich.console import Console
from rich.markup import escape

from cli.console import run_command
from cli.containers.secrets_file import FILE, missing_secrets, read_secrets, write_secrets
from cli.errors import UserError
from cli.kubernetes import render as rendering
from cli.kubernetes.helm import Chart
from cli.kubernetes.names import DEPLOY
from cli.kubernetes.settings import FILE as SETTINGS_FILE
from cli.kubernetes.settings import read_settings
from cli.paths import TERRAFORM, shown

_STOPPED = "Stopped. `make cluster-render` writes everything anew."


def main() -> int:
    return run_command(render, _STOPPED)


def render(console: Console) -> int:
    """Write the values and the manifests; returns the exit code. Without Helm or the chart, all else is written."""
    settings = read_settings(Path(os.environ.get("SETTINGS") or SETTINGS_FILE).expanduser().resolve())
    folder = Path(os.environ.get("OUTPUT") or DEPLOY / "rendered").expanduser().resolve()
    known = _secrets(console, Path(os.environ.get("TERRAFORM_DIR") or TERRAFORM))
    rendering.write(settings, known, folder)
    chart = Chart(os.environ.get("CHART", ""))
    values = folder / rendering.VALUES
    text, lacks = chart.render(settings.namespace, values)
    if text:
        (folder / rendering.RELEASE_FILE).write_text(text)
    else:
        console.print(
            f"{escape(lacks)}, so {rendering.RELEASE_FILE}, which shows what the chart makes, was not written; all else"
            " was.",
            soft_wrap=True,
        )
    console.print(f"Everything is in {escape(shown(folder))}. Next:\n")
    for command in (
        shlex.join(["kubectl", "apply", "--server-side", "--filename", shown(folder / rendering.MANIFESTS)]),
        chart.install_command(settings.namespace, shown(values)),
    ):
        console.print(f"  {escape(command)}", soft_wrap=True)
    return 0


def _secrets(console: Console, terraform: Path) -> dict[str, str]:
    """The secrets, by the names that names.yaml has; those that nobody has made yet are new.

    :raises UserError: when a stack in containers is there whose file of secrets is not.
    """
    if missing_secrets(terraform):
        if not (terraform / FILE).exists() and (terraform / "terraform.tfstate").exists():
            raise UserError(f"{FILE} is gone, and a stack in containers is there: `make secrets` reads them back.")
        write_secrets(terraform, {})
        console.print(f"Passwords were made: {shown(terraform / FILE)} (mode 0600, not in git).")
    return read_secrets(terraform)


if __name__ == "__main__":
    sys.exit(main())
