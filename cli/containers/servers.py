"""The lake and Grafana: what lives in them is Terraform's too, and Terraform asks them for it before it does anything.

So where one of them is stopped or gone, every plan, apply and destroy fails before a container is started or removed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import requests

from cli.containers.engine import docker
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
    #: The secret that the provider logs in with.
    secret: str
    #: Where the provider reaches it, as an expression of the root module.
    url: str


LAKE = Server(
    "The lake",
    "minio_",
    "module.lake[0].module.service",
    "lake_root_password",
    '"http://${var.docker_host_address}:${var.ports.s3}"',
)
GRAFANA = Server(
    "Grafana", "grafana_", "module.monitoring.module.grafana", "grafana_admin_password", "local.urls.grafana"
)
SERVERS = (LAKE, GRAFANA)


def with_new_secrets(terraform: Terraform, secrets: Mapping[str, str]) -> list[Server]:
    """The servers whose administrator got another password since the last apply: the provider would be refused there.

    :param secrets: all secrets as they are now.
    """
    kept = terraform.kept_secrets()
    return [each for each in SERVERS if kept.get(each.secret, secrets[each.secret]) != secrets[each.secret]]


def reset_grafana_password(prefix: str, password: str) -> None:
    """Give Grafana's administrator another password. Grafana reads its environment for it only when it is new.

    :param prefix: what the names of the stack's containers begin with.
    """
    command = ["grafana", "cli", "admin", "reset-admin-password", "--password-from-stdin"]
    docker("exec", "--interactive", f"{prefix}-grafana", *command, said=password)


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
