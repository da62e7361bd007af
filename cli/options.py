"""Settings from make's command line. make passes them on as environment variables."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from pathlib import Path

from bikes_store.errors import Refused
from bikes_store.flags import read_flag
from cli.errors import UserError
from source.dump import check
from source.errors import FillError
from source.fill import read_scale


def scale(environment: Mapping[str, str]) -> int:
    """Read SCALE: how many times the orders of AdventureWorks the generator makes.

    :raises UserError: when it is not a number that the generator takes.
    """
    try:
        return read_scale(environment.get("SCALE", ""))
    except FillError as error:
        raise UserError(str(error)) from None


def dump(environment: Mapping[str, str]) -> Path | None:
    """Read SOURCE_SQL, the SQL dump to fill the source with; returns its absolute path, or None if it is not set.

    :raises UserError: when there is no such file, or when it is no SQL.
    """
    text = environment.get("SOURCE_SQL")
    if not text:
        return None
    path = Path(text).expanduser()
    try:
        check(path)
    except FillError as error:
        raise UserError(str(error)) from None
    return path.resolve()


def day(environment: Mapping[str, str]) -> date | None:
    """Read DATE, the day to run; returns None if it is not set.

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
    """Whether a switch such as EXIT is on.

    :raises UserError: when it is neither on nor off.
    """
    try:
        return read_flag(environment.get(name) or "0", name)
    except Refused:
        raise UserError(f"{name}={environment[name]} must be 1 or 0.") from None
