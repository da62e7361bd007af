"""What a person sets on make's command line; make passes it on as environment variables."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from pathlib import Path

from cli.errors import UserError
from source.fill import FillError, read_scale


def scale(environment: Mapping[str, str]) -> int:
    """SCALE: how many times the orders of AdventureWorks the made-up source has.

    :raises UserError: when it is not a number that the generator takes.
    """
    try:
        return read_scale(environment.get("SCALE", ""))
    except FillError as error:
        raise UserError(str(error)) from None


def dump(environment: Mapping[str, str]) -> Path | None:
    """SOURCE_SQL: an SQL dump to fill the source with, as an absolute path; None where none is given.

    :raises UserError: when there is no such file.
    """
    text = environment.get("SOURCE_SQL")
    if not text:
        return None
    path = Path(text).expanduser()
    if not path.is_file():
        raise UserError(f"SOURCE_SQL={text} is not a file.")
    return path.resolve()


def day(environment: Mapping[str, str]) -> date | None:
    """DATE: the day to run; None where none is given.

    :raises UserError: when it is not a day.
    """
    text = environment.get("DATE")
    if not text:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise UserError(f"DATE={text} is not a day: write it as YYYY-MM-DD.") from None


def is_set(environment: Mapping[str, str], name: str) -> bool:
    """Whether a switch such as EXIT is on."""
    return environment.get(name, "").lower() not in ("", "0", "false", "no")
