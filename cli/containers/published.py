"""The ports that a stack in containers publishes: where one is taken, `make up` gives a new stack the next free one.

Nothing but Python's own library, from 3.8 on: `make doctor` runs before anything is installed.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, MutableMapping
from pathlib import Path

from cli.ports import LOOPBACK, next_free

VARIABLE = "TF_VAR_ports"


def usual_ports(terraform: Path) -> dict[str, int]:
    """The ports unless somebody changes them: the defaults of the variable `ports`.

    :param terraform: the folder with the root module.
    """
    text = (terraform / "variables.tf").read_text(encoding="utf-8")
    found = re.search(r'^variable "ports" \{(.*?)^\}', text, re.M | re.S)
    listed = re.findall(r"(\w+) += optional\(number, (\d+)\)", found.group(1) if found else "")
    if not listed:
        raise LookupError(f"{terraform}/variables.tf has no defaults of the variable ports.")
    return {name: int(port) for name, port in listed}


def given_ports(text: str) -> dict[str, int] | None:
    """The ports that somebody asked for.

    :param text: the value of the variable `ports`; empty for none.
    :return: None when it is no JSON, as Terraform reads its own language there too.
    """
    try:
        return {str(name): int(port) for name, port in json.loads(text or "{}").items()}
    except (ValueError, TypeError, AttributeError):
        return None


def address_here(environment: Mapping[str, str]) -> str | None:
    """The address of this machine that the ports are bound to; None when the engine is on another machine.

    :param environment: with DOCKER_HOST, as Terraform is going to see it.
    """
    if not environment.get("DOCKER_HOST", "unix://").startswith("unix://"):
        return None
    if environment.get("TF_VAR_docker_host_address", LOOPBACK) != LOOPBACK:
        return None
    return environment.get("TF_VAR_bind_address") or LOOPBACK


def choose(
    terraform: Path,
    environment: MutableMapping[str, str],
    is_free: Callable[[int], bool],
    say: Callable[[str], None],
) -> None:
    """Set the variable `ports` where usual ones are taken that nobody asked for.

    :param terraform: the folder with the root module. Where a tfvars file of it has the ports, nothing is changed.
    :param environment: gets TF_VAR_ports.
    """
    given, usual = given_ports(environment.get(VARIABLE, "")), usual_ports(terraform)
    if given is None or _in_files(terraform):
        return
    ports = {**usual, **given}
    taken = [name for name in usual if name not in given and not is_free(ports[name])]
    for name in taken:
        ports[name] = next_free(ports[name], ports.values(), is_free)
    if taken:
        chosen = {name: ports[name] for name in taken}
        environment[VARIABLE] = json.dumps({**given, **chosen})
        numbers = ", ".join(str(usual[name]) for name in taken)
        shown = ", ".join(f"{name} {port}" for name, port in chosen.items())
        say(f"{numbers} {'is' if len(taken) == 1 else 'are'} in use on this machine, so this stack takes {shown}.")


def _in_files(terraform: Path) -> bool:
    files = [*terraform.glob("*.tfvars"), *terraform.glob("*.tfvars.json")]
    return any(re.search(r'^\s*"?ports"?\s*[=:]', file.read_text(encoding="utf-8"), re.M) for file in files)
