"""`make simulate`: play a scenario on the stack that is up, or list them all.

SCENARIO names the scenario. DAYS is how many days the scenario `day` lives, and SEED is what its chance comes from.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.markup import escape

from cli.endpoints import OF_PROCESSES, Endpoints
from cli.errors import UserError
from cli.simulate import PAGE, UNDO
from cli.simulate.page import write_page
from cli.simulate.play import Play, Scenario
from cli.simulate.scenarios import SCENARIOS
from cli.simulate.show import Terminal, show_lesson, show_list
from cli.simulate.stack import AirflowStack, next_day

_MOST_DAYS = 366


def simulate(console: Console, environment: Mapping[str, str], path: Path, end_task: Callable[[str], bool]) -> int:
    """Play the scenario that the environment names; returns the exit code. Without one, list them.

    :param path: the endpoints of the stack. The page, and what is to be undone, are written beside it.
    :param end_task: kills the process of a task of that stack; returns whether there was one.
    :raises UserError: when a setting is wrong, the stack is not up or has a run in flight, or the scenario goes wrong.
    """
    scenario = read_scenario(environment)
    if scenario is None:
        show_list(console, list(SCENARIOS.values()))
        return 0
    settings = read_settings(environment, scenario)
    endpoints = Endpoints.read(path)
    refuse_elsewhere(endpoints)
    stack = AirflowStack(console, endpoints, end_task)
    stack.check()
    today = datetime.now(timezone.utc).date()
    play = Play(
        stack,
        Terminal(console),
        stack.first_day,
        today - timedelta(days=1),
        path.with_name(UNDO),
        settings,
    )
    play.mend_leftovers()
    play.day = next_day(stack, today)
    play.chosen["day"] = play.day
    console.print(f"[bold]{scenario.name}[/bold]: {escape(scenario.line)}")
    try:
        scenario.play(play)
    finally:
        if play.acts:
            page = path.with_name(PAGE)
            write_page(page, scenario, play)
    learn, look = play.text(scenario.learn), play.text(scenario.look)
    show_lesson(console, learn, look)
    if path == OF_PROCESSES:
        from cli.pages.write import refresh_pages

        refresh_pages(console, endpoints, None)
    console.print(f"\nBefore and after, as a page: [bold]{_shown(page)}[/bold]")
    return 0 if all(act.table is None or act.table.is_right for act in play.acts) else 1


def read_scenario(environment: Mapping[str, str]) -> Scenario | None:
    """Read SCENARIO; None when it is not set.

    :raises UserError: when there is no such scenario.
    """
    name = environment.get("SCENARIO", "").strip()
    if not name:
        return None
    if name not in SCENARIOS:
        raise UserError(f"SCENARIO={name} is no scenario: take one of {', '.join(SCENARIOS)}.")
    return SCENARIOS[name]


def read_settings(environment: Mapping[str, str], scenario: Scenario) -> dict[str, Any]:
    """Read DAYS and SEED.

    :raises UserError: when DAYS is no number of days, or the scenario takes neither.
    """
    settings: dict[str, Any] = {}
    for name in ("DAYS", "SEED"):
        if value := environment.get(name, "").strip():
            if scenario.name != "day":
                raise UserError(f"{name}={value} goes with SCENARIO=day, not with {scenario.name}: leave it out.")
            settings[name.lower()] = value
    days = settings.get("days", "1")
    if not re.fullmatch("[0-9]{1,3}", days) or not 1 <= int(days) <= _MOST_DAYS:
        raise UserError(f"DAYS={days} is no number of days: give a whole number from 1 to {_MOST_DAYS}.")
    return settings


def refuse_elsewhere(endpoints: Endpoints) -> None:
    """Refuse a source that the stack did not make.

    :raises UserError: when the source is elsewhere.
    """
    if endpoints.source_elsewhere:
        raise UserError(
            f"The source of this stack is elsewhere, at {endpoints.source_elsewhere}: simulate changes only a source"
            " that the stack itself made."
        )


def _shown(path: Path) -> Path:
    return path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path
