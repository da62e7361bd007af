"""Who holds the ports that a command is going to use, in words."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from pathlib import Path

from cli.containers.published import given_ports
from cli.doctor.findings import Finding, missing, ok
from cli.doctor.machine import Machine
from cli.ports import Holder, next_free

#: What publishes a container's port: Docker's proxy, or what brings the port out of a virtual machine.
_ENGINES = ("docker", "rootlesskit", "vpnkit", "lima", "colima", "ssh", "orbstack", "vz")


def of_demo(machine: Machine) -> list[Finding]:
    """The demo's ports: those that it has, or those that it is going to take."""
    facts = machine.facts
    kept, asked = facts.kept_demo_ports(), _asked_for(machine)
    ports = {**facts.demo_ports(), **kept, **asked}
    holders = _holders(machine, ports, facts.demo_udp())
    others = {name: holder for name, holder in holders.items() if not _is_own_demo(machine, holder)}
    own = len(holders) - len(others)
    up = ok("Ports", f"this clone's own demo has {own} of them: it is up, or was killed and is ended first")
    if own and not others:
        return [up]
    found = _each(machine, ports, others, {*kept, *asked}, "demo", lambda name: f"{name.upper()}_PORT={{}}")
    return [up, *found] if own else found


def of_stack(machine: Machine) -> list[Finding]:
    """The ports that the stack in containers publishes."""
    given = given_ports(machine.variable("ports")) or {}
    ports = {**machine.facts.stack_ports(), **given}
    holders = _holders(machine, ports, ())
    others = {name: holder for name, holder in holders.items() if not _is_own_stack(machine, holder)}
    if machine.facts.has_stack() and not others:
        return [ok("Ports", "this clone's own stack has them")]

    def setting(name: str) -> str:
        shown = (f'"{each}": {"{}" if each == name else port}' for each, port in {**given, name: 0}.items())
        return "TF_VAR_ports='{{" + ", ".join(shown) + "}}'"

    return _each(machine, ports, others, given, "up", setting)


def _each(
    machine: Machine,
    ports: Mapping[str, int],
    holders: Mapping[str, Holder],
    fixed: Collection[str],
    command: str,
    setting: Callable[[str], str],
) -> list[Finding]:
    """A line for each port that is held.

    :param fixed: the names whose port the command does not change by itself.
    :param setting: a name => how make is told another port for it, with a place for the number.
    """
    if not holders:
        return [ok("Ports", f"all {len(ports)} that it takes are free")]
    findings = []
    for name, holder in sorted(holders.items()):
        free = next_free(ports[name], ports.values(), lambda port: machine.holder(port) is None)
        text = f"{ports[name]} ({name.replace('_', ' ')}) is held by {_who(machine, holder)}"
        if name in fixed:
            findings.append(missing("Ports", text, f"make {command} {setting(name).format(free)}"))
        else:
            findings.append(ok("Ports", f"{text}, so `make {command}` takes {free}"))
    return findings


def _holders(machine: Machine, ports: Mapping[str, int], udp: Collection[str]) -> dict[str, Holder]:
    found = {name: machine.holder(port, name in udp) for name, port in ports.items()}
    return {name: holder for name, holder in found.items() if holder is not None}


def _asked_for(machine: Machine) -> dict[str, int]:
    """NAME_PORT, as make passes it on."""
    asked = {name: machine.environment.get(f"{name.upper()}_PORT", "") for name in machine.facts.demo_ports()}
    return {name: int(text) for name, text in asked.items() if text.isdigit()}


def _is_own_demo(machine: Machine, holder: Holder) -> bool:
    """Whether a process works in this clone, or where its database is, as all of the demo's do."""
    where = Path(holder.directory or "/")
    homes = (machine.repository, (machine.repository / ".demo" / "postgres").resolve())
    return any(home == where or home in where.parents for home in homes)


def _is_own_stack(machine: Machine, holder: Holder) -> bool:
    program = holder.program.lower()
    return machine.facts.has_stack() and (not holder.pid or any(engine in program for engine in _ENGINES))


def _who(machine: Machine, holder: Holder) -> str:
    if _is_own_demo(machine, holder):
        return f"this clone's own demo, {holder}"
    if _is_own_stack(machine, holder):
        return f"this clone's own stack in containers, {holder}"
    return str(holder)
