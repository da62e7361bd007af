"""Call make from a test, which may itself be called by make."""

from __future__ import annotations

import os


def environment(**more: str) -> dict[str, str]:
    """This environment without what a make around the tests has put there, and with some more."""
    of_make = ("MAKEFLAGS", "MAKELEVEL", "MFLAGS", "MAKEOVERRIDES")
    return {**{name: value for name, value in os.environ.items() if name not in of_make}, **more}
