"""The lake and Grafana: what lives in them is Terraform's too, and Terraform asks them for it before it does anything.

So where one of them is stopped or gone, every plan, apply and destroy fails before a container is started or removed.
"""

from __future__ import annotations

from dataclasses import dataclass

import requests

from cli.containers.terraform import Terraform
from cli.errors import UserError

_TIMEOUT_SECONDS = 5


@dataclass(frozen=True)
class Server:
    """A container that Terraform makes things in."""

    name: str
    #: What the kinds of these things begin with.
    kinds: str
    #: The module that is the container alone, so that it can be made without a look at what is in it.
    module: str
    #: Where the provider reaches it, as an expression of the root module.
    url: str


SERVERS = (
    Server(
        "The lake", "minio_", "module.lake[0].module.service", '"http://${var.docker_host_address}:${var.ports.s3}"'
    ),
    Server("Grafana", "grafana_", "module.monitoring.module.grafana", "local.urls.grafana"),
)


def silent(terraform: Terraform) -> dict[Server, list[str]]:
    """The servers that do not answer, with the addresses of what the state knows in each. None without such things."""
    known = {server: terraform.addresses(server.kinds) for server in SERVERS}
    inside = {server: addresses for server, addresses in known.items() if addresses}
    if not inside:
        return {}
    try:
        urls = terraform.evaluate("{" + ", ".join(f'"{server.name}" = {server.url}' for server in inside) + "}")
    except UserError:  # a variable is wrong: what comes next says so
        return {}
    return {server: addresses for server, addresses in inside.items() if not _answers(urls[server.name])}


def _answers(url: str) -> bool:
    """Whether an HTTP server is there, whatever it says."""
    try:
        requests.get(url, timeout=_TIMEOUT_SECONDS, allow_redirects=False)
    except requests.RequestException:
        return False
    return True
