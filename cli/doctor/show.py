"""What was found, as lines for a person or as JSON for a program."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import asdict

from cli.doctor.examine import COMMANDS, EVERY, Group, ready
from cli.doctor.machine import Machine

_WIDTH = 118
_INDENT = " " * 11


def lines(machine: Machine, groups: Sequence[Group]) -> Iterator[str]:
    """A line for each finding, by command; below it the command that mends it. It needs no colour."""
    yield f"This machine: {machine.name}"
    for group in groups:
        yield ""
        yield _title(group.name)
        for finding in group.findings:
            text = f"{finding.what}: {finding.text}"
            shown = textwrap.wrap(text, _WIDTH, initial_indent=f"  {finding.state:<8} ", subsequent_indent=_INDENT)
            yield from shown
            if finding.mend:
                yield f"{_INDENT}-> {finding.mend}"
    yield ""
    for command, is_ready in ready(groups).items():
        lacks = sum(group.lacks for group in groups if group.name in COMMANDS[command])
        yield f"make {command}: {'this machine has what it needs' if is_ready else f'{lacks} missing, see above'}"


def as_json(machine: Machine, groups: Sequence[Group]) -> str:
    """The same as JSON: the machine, which command is ready, each finding with its group."""
    content = {
        "machine": machine.name,
        "ready": ready(groups),
        "findings": [{"needed_by": group.name, **asdict(finding)} for group in groups for finding in group.findings],
    }
    return json.dumps(content, indent=2, ensure_ascii=False)


def _title(name: str) -> str:
    if name == EVERY:
        return "Every command needs"
    return f"make {name} needs" + (" besides what make demo needs" if name == "test" else "")
