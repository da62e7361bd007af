"""The Docker engine that the stack is on, the same for Terraform and for Docker's own command.

Docker's command looks into DOCKER_HOST, DOCKER_CONTEXT and the context that is chosen (`docker context use`: rootless
Docker, colima and Docker Desktop choose theirs). The provider knows the first two alone, and the builder inside it does
not look at the provider's `host`. So what Docker's command would take is given to all of them as DOCKER_HOST.
"""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

from cli.errors import UserError

_VARIABLE = "TF_VAR_docker_host"


def choose(host: str | None = None) -> None:
    """Set the environment in which each program that is started from here on finds the engine.

    :param host: the address that the stack's variable docker_host has; None when it has none.
    """
    if host := host or os.environ.get(_VARIABLE):
        os.environ["DOCKER_HOST"] = host
    elif not os.environ.get("DOCKER_HOST"):
        os.environ.update(_of_context())
    if os.environ.get("DOCKER_HOST"):
        os.environ.pop("DOCKER_CONTEXT", None)  # the provider would prefer it, and does not know "default"


def _of_context() -> dict[str, str]:
    """Where the chosen context's engine is; nothing where Docker's command is missing, or chooses nothing."""
    try:
        done = subprocess.run(["docker", "context", "inspect"], capture_output=True, text=True)
        (context,) = json.loads(done.stdout or "[{}]")
    except (OSError, ValueError):
        return {}
    host = context.get("Endpoints", {}).get("docker", {}).get("Host")
    certificates = Path(context.get("Storage", {}).get("TLSPath") or os.devnull, "docker")
    if not host:
        return {}
    if not certificates.is_dir():
        return {"DOCKER_HOST": host}
    return {"DOCKER_HOST": host, "DOCKER_CERT_PATH": str(certificates), "DOCKER_TLS_VERIFY": "1"}


def containers(begin: str, *options: str, whole: bool = False) -> list[str]:
    """The names of the containers that run and whose name begins so.

    :param options: of `docker ps`.
    :param whole: only the one whose name is that.
    :raises UserError: when Docker can't be asked.
    """
    pattern = f"name=^{begin}{'$' if whole else ''}"
    return docker("ps", *options, "--format", "{{.Names}}", "--filter", pattern).split()


def docker(*arguments: str, said: str | None = None) -> str:
    """Run Docker's own command; returns its output.

    :param said: what it reads from its input.

    :raises UserError: when Docker's command is missing, or fails.
    """
    try:
        done = subprocess.run(["docker", *arguments], input=said, capture_output=True, text=True)
    except OSError:
        raise UserError("docker is not on the PATH: install Docker's client.") from None
    if done.returncode != 0:
        said = "\n".join((done.stdout + done.stderr).strip().splitlines()[-15:])
        raise UserError(f"`docker {arguments[0]}` failed: {said}")
    return done.stdout
