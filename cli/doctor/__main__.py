"""`make doctor`: say what this machine has and lacks for which command.

    python3 -S cli/start.py cli.doctor

FOR names one command: up, demo or test. JSON=1 gives JSON. The exit code is 0 when the command, or each of them, has
what it needs, 1 when something is missing, 2 when FOR is none of them. A warning does not count.
"""

from __future__ import annotations

import os
import sys

from cli.doctor import show
from cli.doctor.examine import COMMANDS, examine, ready
from cli.doctor.machine import Machine


def main() -> int:
    wanted = os.environ.get("FOR", "").replace("make ", "")
    if wanted and wanted not in COMMANDS:
        print(f"FOR={wanted} is no command that is looked at: give {', '.join(COMMANDS)}, or nothing.", file=sys.stderr)
        return 2
    machine = Machine()
    groups = examine(machine, [wanted] if wanted else COMMANDS)
    is_json = os.environ.get("JSON", "0") not in ("", "0")
    try:
        print(show.as_json(machine, groups) if is_json else "\n".join(show.lines(machine, groups)), flush=True)
    except BrokenPipeError:  # as in `make doctor | head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 0 if all(ready(groups).values()) else 1
