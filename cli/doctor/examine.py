"""Go through the checks side by side, and put what they find in order."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cli.doctor import for_all, for_demo, for_test, for_up
from cli.doctor.findings import MISSING, Finding, warning
from cli.doctor.machine import Machine

#: What every command needs, whichever it is.
EVERY = "every command"
#: The commands that are told apart, and the groups of checks that each needs.
COMMANDS = {"up": (EVERY, "up"), "demo": (EVERY, "demo"), "test": (EVERY, "demo", "test")}
#: Seconds that all of it may take, whatever hangs.
SECONDS = 20.0

if TYPE_CHECKING:  # Python 3.8 can't make this type
    Check = Callable[[Machine], Any]
CHECKS: Mapping[str, Sequence[Check]] = {
    EVERY: (for_all.python, for_all.package_index, for_all.proxies, for_all.certificates, for_all.clock),
    "up": for_up.CHECKS,
    "demo": for_demo.CHECKS,
    "test": for_test.CHECKS,
}


@dataclass(frozen=True)
class Group:
    """What was found for one group of checks."""

    name: str
    findings: Sequence[Finding]

    @property
    def lacks(self) -> int:
        """How much of what is needed is missing."""
        return sum(finding.state == MISSING for finding in self.findings)


def examine(machine: Machine, commands: Iterable[str], checks: Mapping[str, Sequence[Check]] = CHECKS) -> list[Group]:
    """Look at all that some commands need.

    :param commands: names of COMMANDS.
    :param checks: by the names of the groups. Each gives a finding or some.
    """
    wanted = {group for command in commands for group in COMMANDS[command]}
    looks = [_Look(machine, group, check) for group in checks if group in wanted for check in checks[group]]
    end = time.monotonic() + SECONDS
    for look in looks:
        look.thread.start()
    for look in looks:
        look.thread.join(max(0.0, end - time.monotonic()))
    return [
        Group(group, [finding for look in looks if look.group == group for finding in look.result()])
        for group in checks
        if group in wanted
    ]


def ready(groups: Iterable[Group]) -> dict[str, bool]:
    """For each command whose groups were all looked at: whether it has what it needs."""
    by_name = {group.name: group for group in groups}
    return {
        command: not any(by_name[name].lacks for name in needs)
        for command, needs in COMMANDS.items()
        if by_name.keys() >= set(needs)
    }


class _Look:
    """One check in a thread of its own, which nobody waits for at the end."""

    def __init__(self, machine: Machine, group: str, check: Check) -> None:
        self.group = group
        self._machine = machine
        self._check = check
        self._found: list[Finding] | None = None
        self.thread = threading.Thread(target=self._run, daemon=True)

    def _run(self) -> None:
        try:
            found = self._check(self._machine)
            self._found = [found] if isinstance(found, Finding) else list(found)
        except Exception as error:  # a machine that nobody thought of; the other checks count all the same
            self._found = [warning(self._name, f"could not be found out: {type(error).__name__}: {error}")]

    def result(self) -> list[Finding]:
        if self._found is None:
            return [warning(self._name, f"could not be found out within {SECONDS:.0f} s")]
        return self._found

    @property
    def _name(self) -> str:
        return self._check.__name__.replace("_", " ").capitalize()
