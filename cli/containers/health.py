"""Whether the stack's services are healthy. Terraform waits for those that it makes, and not for one that it starts."""

from __future__ import annotations

import time
from collections.abc import Sequence

from cli.containers.engine import docker
from cli.errors import UserError

# As long as a service that Terraform makes has (terraform/modules/service).
SECONDS = 180


def wait_until_healthy(containers: Sequence[str], seconds: float = SECONDS) -> None:
    """Wait until every container is healthy.

    :param containers: their ids.
    :raises UserError: when one is not after that time; the message names it.
    """
    deadline = time.monotonic() + seconds
    while ill := _not_healthy(containers):
        if time.monotonic() > deadline:
            raise UserError(
                f"Not healthy after {seconds:.0f} s: {', '.join(ill)}. `docker logs NAME` shows what each of them said."
            )
        time.sleep(1)


def _not_healthy(containers: Sequence[str]) -> list[str]:
    if not containers:
        return []
    shown = docker("inspect", "--format", "{{.Name}} {{if .State.Health}}{{.State.Health.Status}}{{end}}", *containers)
    states = [line.removeprefix("/").partition(" ") for line in shown.splitlines()]
    return [f"{name} ({state or 'without a health check'})" for name, _, state in states if state != "healthy"]
