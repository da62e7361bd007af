"""The menu of a demo's pages."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from cli.paths import REPOSITORY

DASHBOARDS = REPOSITORY / "grafana" / "dashboards"
#: The pages of dashboards.
PAGES = ("sales", "pipeline", "platform")
#: The page of the last run.
REPORT = "report"
#: The page of where data comes from and where it goes.
LINEAGE = "lineage"
#: The page that `make simulate` writes beside the others.
SIMULATED = "simulate"
#: The pages that each demo has after a run, in the order of the menu.
MENU = (REPORT, *PAGES, LINEAGE)

#: Names and titles of pages.
Menu = Sequence[tuple[str, str]]


def title_of(name: str) -> str:
    """The title of a page in the menu."""
    return json.loads((DASHBOARDS / f"{name}.json").read_text())["title"] if name in PAGES else name.capitalize()


def menu_of(folder: Path | None = None) -> Menu:
    """The menu of the pages in a folder, which may hold one that `make simulate` wrote; None for those of each demo."""
    there = folder is not None and (folder / f"{SIMULATED}.html").exists()
    return [(name, title_of(name)) for name in (*MENU, *([SIMULATED] if there else []))]
