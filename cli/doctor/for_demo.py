"""What `make demo` needs: Linux, PostgreSQL, room, ports."""

from __future__ import annotations

import os
import pwd

from cli.doctor import held_ports
from cli.doctor.findings import Finding, missing, ok, warning
from cli.doctor.for_all import has_packages
from cli.doctor.machine import Machine
from cli.errors import UserError
from cli.processes import postgres_programs


def system(machine: Machine) -> Finding:
    """The demo's programs are built for Linux."""
    if machine.system == "Linux":
        return ok("System", "Linux")
    return missing("System", f"{machine.name}: the demo needs Linux", "make up")


def postgresql(machine: Machine) -> Finding:
    """The server, and the user that it runs as."""
    releases = postgres_programs.SUPPORTED
    span = f"PostgreSQL {releases[0]} to {releases[-1]}"
    install = "sudo apt-get install postgresql" if machine.is_debian() else "sudo dnf install postgresql-server"
    if machine.system == "Darwin":
        install = f"brew install postgresql@{releases[-1]}"
    try:
        folder = postgres_programs.find_binaries(machine.root, machine.environment.get("PATH"))
    except UserError:
        other = machine.run("postgres", "--version").output
        text = f"{span} is not here" + (f" ({other} is)" if other else "")
        if machine.is_root and machine.is_debian():
            return warning("PostgreSQL", f"{text}: `make demo` installs it", install.replace("sudo ", ""))
        return missing("PostgreSQL", text, install)
    if machine.is_root and not _has_user("postgres"):
        text = "PostgreSQL refuses to run as root, and there is no user postgres"
        return missing("PostgreSQL", text, "useradd --system postgres")
    span = f"{releases[0]} to {releases[-1]} will do"
    return ok("PostgreSQL", f"release {postgres_programs.release_of(folder)} in {folder} ({span})")


def packages(machine: Machine) -> Finding:
    """Whether Python's packages are here."""
    return ok("Python packages", "they are here" if has_packages(machine, False) else "`make install` gets them")


def disk(machine: Machine) -> Finding:
    """Room for the demo's data, and for Python's packages when they are not here."""
    needed, what = machine.facts.demo_bytes(), "the demo's data"
    if not has_packages(machine, commands_alone=False):
        needed, what = needed + machine.facts.packages_bytes(False), "the demo's data and Python's packages"
    free = machine.free_bytes(machine.repository / ".demo")
    text = f"{free / 1e9:.1f} GB are free here; {what} need {needed / 1e9:.1f} GB"
    return ok("Disk", text) if free >= needed else missing("Disk", text, f"df -h {machine.repository}")


def memory(machine: Machine) -> Finding:
    """Room for its processes."""
    needed, free = machine.facts.demo_memory_bytes(), machine.memory_bytes()
    if not free:
        return ok("Memory", "this machine does not say how much is free")
    text = f"{free / 1e9:.1f} GB are free; the demo takes {needed / 1e9:.1f} GB"
    return ok("Memory", text) if free >= needed else warning("Memory", text, "ps aux --sort=-rss | head")


def shared_memory(machine: Machine) -> Finding:
    """Where processes share memory and locks: https://man7.org/linux/man-pages/man7/shm_overview.7.html."""
    folder = machine.root / "dev" / "shm"
    if machine.system != "Linux" or os.access(folder, os.W_OK):
        return ok("Shared memory", "processes can share it")
    text = f"{folder} is missing, or this user may not write there; dbt and PostgreSQL share memory by it"
    return missing("Shared memory", text, f"sudo mount -t tmpfs -o mode=1777 tmpfs {folder}")


def monitoring(machine: Machine) -> Finding:
    """What collects metrics, if it is here."""
    lacking = [name for name in machine.facts.monitoring_programs() if not machine.has_program(name)]
    if not lacking:
        return ok("Prometheus", "the pages about the platform show its metrics")
    text = f"{' and '.join(lacking)} not found: the pages pipeline and platform say so, and nothing else lacks"
    if "prometheus" in lacking and machine.is_debian():
        return warning("Prometheus", text, "sudo apt-get install prometheus")
    return warning("Prometheus", text, "go install github.com/prometheus/statsd_exporter@latest")


CHECKS = (system, postgresql, packages, held_ports.of_demo, disk, memory, shared_memory, monitoring)


def _has_user(name: str) -> bool:
    try:
        pwd.getpwnam(name)
    except KeyError:
        return False
    return True
