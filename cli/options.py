"""Settings from make's command line. make passes them on as environment variables."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

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


def open_lineage(environment: Mapping[str, str]) -> dict[str, Any] | None:
    """Read OPENLINEAGE, where Airflow sends its OpenLineage events; returns the transport, or None if it is not set.

    The transport is as OpenLineage's client takes it: https://openlineage.io/docs/client/python/configuration#transports

    :raises UserError: when it is neither an address nor a file in a folder that exists.
    """
    text = environment.get("OPENLINEAGE")
    if not text:
        return None
    if "://" in text:
        address = urlsplit(text)
        if address.scheme not in ("http", "https") or not address.hostname:
            raise UserError(f"OPENLINEAGE={text} is no address: begin it with http:// or https:// and a host.")
        return {"type": "http", "url": text}
    path = Path(text).expanduser().resolve()
    if not path.parent.is_dir() or path.is_dir():
        raise UserError(f"OPENLINEAGE={text} must be an http(s) address, or a file in a folder that exists.")
    return {"type": "file", "log_file_path": str(path), "append": True}


def days(environment: Mapping[str, str]) -> list[date]:
    """Read DATE, the day to run, or FROM and TO, the first and the last day to run; empty if none is set.

    :raises UserError: when one is not a day, or they do not fit together.
    """
    day, first, last = (_day(environment, name) for name in ("DATE", "FROM", "TO"))
    if day is not None:
        if first is not None or last is not None:
            raise UserError("DATE is one day, FROM and TO are a range of days: give one or the other.")
        return [day]
    if first is None and last is None:
        return []
    if first is None or last is None:
        raise UserError("FROM and TO go together: give the first and the last day to run.")
    if first > last:
        raise UserError(f"FROM={first} is after TO={last}: give the first day as FROM.")
    return [first + timedelta(days=number) for number in range((last - first).days + 1)]


def _day(environment: Mapping[str, str], name: str) -> date | None:
    text = environment.get(name)
    if not text:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise UserError(f"{name}={text} is not a day: write it as YYYY-MM-DD.") from None


def is_set(environment: Mapping[str, str], name: str) -> bool:
    """Whether a switch such as EXIT is on.

    :raises UserError: when it is neither on nor off.
    """
    try:
        return read_flag(environment.get(name) or "0", name)
    except Refused:
        raise UserError(f"{name}={environment[name]} must be 1 or 0.") from None
