"""A play as a page: each act with its rows before and after. It has the look of the other pages (cli/pages)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader

from cli.pages import write
from cli.pages.menu import SIMULATED, menu_of, title_of
from cli.simulate.play import Act, Play, Scenario
from cli.simulate.show import SIGNS
from cli.simulate.watch import ADDED, CHANGED, REMOVED, SAME, Moved, text

# Rows that are shown of a table.
_MOST_ROWS = 200
_KINDS = {ADDED: "added", CHANGED: "changed", REMOVED: "removed", SAME: ""}


def write_page(path: Path, scenario: Scenario, play: Play) -> None:
    """Write the page of a play, as far as it has come."""
    path.write_text(make_page(path.parent, scenario, play, datetime.now(timezone.utc)))


def make_page(folder: Path, scenario: Scenario, play: Play, now: datetime) -> str:
    """The HTML of a play.

    :param folder: where the page is going to be: its menu leads to the pages that are there.
    """
    loader = FileSystemLoader([Path(__file__).parent, Path(write.__file__).parent])
    template = Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True, loader=loader)
    others = [(name, title) for name, title in menu_of() if (folder / f"{name}.html").exists()]
    own = (SIMULATED, title_of(SIMULATED))
    return template.get_template("simulate.html").render(
        name=SIMULATED,
        menu=[*others, own],
        title=f"{title_of(SIMULATED)}: {scenario.name}",
        description=f"{scenario.line[:1].upper()}{scenario.line[1:]}.",
        written=f"{now:%d %B %Y, %H:%M} UTC",
        acts=[_act(act) for act in play.acts],
        signs=SIGNS,
        learn=play.text(scenario.learn),
        look=play.text(scenario.look),
    )


def _act(act: Act) -> dict[str, Any]:
    stations: dict[str, list[dict[str, Any]]] = {}
    for moved in act.moved:
        stations.setdefault(moved.watch.station, []).append(_table(moved))
    return {**vars(act), "sql": "\n\n".join(act.sql), "stations": list(stations.items())}


def _table(moved: Moved) -> dict[str, Any]:
    return {
        "name": moved.watch.table,
        "columns": moved.columns,
        "rows": list(_rows(moved)),
        "more": max(len(moved.changes) - _MOST_ROWS, 0),
    }


def _rows(moved: Moved) -> Iterator[dict[str, Any]]:
    for change in moved.changes[:_MOST_ROWS]:
        yield {
            "sign": change.sign,
            "kind": _KINDS[change.sign],
            "cells": [(text(old), text(new)) for old, new in change.cells],
        }
