"""What a look at the machine found."""

from __future__ import annotations

from dataclasses import dataclass

OK, WARNING, MISSING = "ok", "warning", "missing"


@dataclass(frozen=True)
class Finding:
    """One line: what was looked at, how it is, and the command that mends it (empty when there is nothing to mend)."""

    what: str
    state: str
    text: str
    mend: str = ""


def ok(what: str, text: str) -> Finding:
    """What is as the command needs it."""
    return Finding(what, OK, text)


def warning(what: str, text: str, mend: str = "") -> Finding:
    """What may be in the way, or is needed for a part only."""
    return Finding(what, WARNING, text, mend)


def missing(what: str, text: str, mend: str) -> Finding:
    """What the command does not work without."""
    return Finding(what, MISSING, text, mend)
