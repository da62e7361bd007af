"""What `make test` needs besides what the demo needs. Without these, tests skip; in CI they fail."""

from __future__ import annotations

from collections.abc import Iterator

from cli.doctor import for_up
from cli.doctor.findings import MISSING, Finding, missing, ok, warning
from cli.doctor.machine import Machine

#: A program => the tests that run it.
_PROGRAMS = {
    "go": "tests/prometheus, tests/containers",
    "openssl": "tests/containers/long",
}


def terraform(machine: Machine) -> Finding:
    """Terraform, for the tests of the configuration."""
    found = for_up.terraform(machine)
    if found.state != MISSING:
        return found
    return _skipped(machine, "Terraform", f"{found.text}: tests/terraform and tests/containers skip", found.mend)


def engine(machine: Machine) -> Finding:
    """A Docker engine, or the right to start one."""
    for found in for_up.docker(machine):
        if found.state != MISSING:
            return found
        if machine.is_root and machine.is_debian():
            return ok("Docker", "no engine answers: as root on Debian, the tests install and start one")
        return _skipped(machine, "Docker", f"{found.text}: tests/containers skip", found.mend)
    raise AssertionError("docker() finds something in any case")


def programs(machine: Machine) -> Iterator[Finding]:
    """Programs that some tests build or run things with."""
    for name, tests in _PROGRAMS.items():
        if machine.has_program(name):
            yield ok(name, "it is here")
            continue
        package = "golang" if name == "go" else name
        mend = f"brew install {name}" if machine.system == "Darwin" else f"sudo apt-get install {package}"
        yield _skipped(machine, name, f"{name} is not on the PATH: {tests} skip", mend)


CHECKS = (terraform, engine, programs)


def _skipped(machine: Machine, what: str, text: str, mend: str) -> Finding:
    return (missing if machine.environment.get("CI") else warning)(what, text, mend)
