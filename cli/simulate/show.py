"""A play in a terminal: each act with what moved, a line a row. Its signs say what colours say."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table as Grid
from rich.text import Text

from cli.simulate.play import Act, Scenario, Table
from cli.simulate.stack import Outcome
from cli.simulate.watch import ADDED, CHANGED, REMOVED, SAME, Change, Moved, text

_COLOURS = {ADDED: "green", CHANGED: "yellow", REMOVED: "red", SAME: "dim"}
#: What the signs mean.
SIGNS = "+ added  ·  ~ changed, old → new  ·  - removed  ·  = as before"
# Rows that are shown of a table.
_MOST_ROWS = 6


class Terminal:
    """Shows a play as it goes on."""

    def __init__(self, console: Console) -> None:
        self._console = console

    def opens(self, act: Act) -> None:
        self._console.print(f"\n[bold]{escape(act.title)}[/bold]")
        self._console.print(escape(act.happens))

    def ran(self, outcome: Outcome) -> None:
        if outcome.failed is None:
            self._console.print(f"[green]✓[/green] {outcome.run_id}: both DAGs succeeded, {outcome.seconds:.0f} s")
            return
        failed = outcome.failed
        tries = "1 try" if failed.tries == 1 else f"{failed.tries} tries"
        self._console.print(f"[red]✗[/red] {outcome.run_id}: task [bold]{failed.task_id}[/bold] failed after {tries}:")
        self._console.print(f"  {escape(failed.sentence)}")

    def closes(self, act: Act) -> None:
        if act.is_folded:
            self._print_counts(act.moved)
        elif act.moved:
            self._console.print(f"[dim]{SIGNS}[/dim]")
            self._console.print(grid(act.moved))
        if act.table and act.is_folded:
            (row,) = act.table.rows
            told = zip(act.table.columns, row, strict=True)
            self._console.print("  " + ", ".join(f"{name} {value}" for name, value in list(told)[-3:]))
        elif act.table:
            self._console.print(_figures(act.table))
        if act.table and not act.table.is_right:
            self._console.print("[red]✗[/red] The warehouse does not hold what the source holds.")
        if act.note:
            self._console.print(escape(act.note))

    def says(self, sentence: str) -> None:
        self._console.print(f"• {escape(sentence)}")

    def _print_counts(self, moved: Sequence[Moved]) -> None:
        told = []
        for station in dict.fromkeys(one.watch.station for one in moved):
            tables = [one for one in moved if one.watch.station == station]
            counts = {sign: sum(one.count(sign) for one in tables) for sign in (ADDED, CHANGED, REMOVED)}
            told.append(" ".join([station, *(f"{sign}{count}" for sign, count in counts.items() if count)]))
        self._console.print(f"  rows: {', '.join(told)}")


def grid(moved: Sequence[Moved]) -> Grid:
    """What moved, as a table: a line a row, a name a table."""
    made = Grid(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0))
    made.add_column("station")
    made.add_column("table", overflow="fold")
    made.add_column("", width=1)
    made.add_column("row", overflow="fold")
    made.add_column("what moved", overflow="fold", ratio=1)
    station = ""
    for one in moved:
        shown = "" if one.watch.station == station else one.watch.station
        station = one.watch.station
        name = one.watch.table.removeprefix("bikes_store_staging.")
        for sign, row, what in _lines(one):
            made.add_row(shown, name, Text(sign, _COLOURS.get(sign, "")), row, what)
            shown = name = ""
    return made


def _lines(moved: Moved) -> Iterator[tuple[str, str, str]]:
    shown = [change for change in moved.changes if change.sign != SAME or moved.watch.shows_same]
    for change in shown[:_MOST_ROWS]:
        yield change.sign, _key(moved, change), _what(moved, change)
    if len(shown) > _MOST_ROWS:
        yield "", "", f"… and {len(shown) - _MOST_ROWS} more"
    if not shown:
        count = len(moved.changes)
        yield SAME, "", "no row" if not count else "1 row, as before" if count == 1 else f"{count} rows, as before"


def _key(moved: Moved, change: Change) -> str:
    return ", ".join(text(new) for _, new in change.cells[: moved.watch.key])


def _what(moved: Moved, change: Change) -> str:
    cells = zip(moved.columns, change.cells, strict=True)
    others = list(cells)[moved.watch.key :]
    if change.sign == CHANGED:
        shown = [
            f"{name} {text(new)}" if old == new else f"{name} {text(old)} → {text(new)}"
            for name, (old, new) in others
            if old != new or name in moved.watch.always
        ]
        return ", ".join(shown)
    return ", ".join(f"{name} {text(new)}" for name, (_, new) in others)


def _figures(table: Table) -> Grid:
    made = Grid(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0))
    for number, column in enumerate(table.columns):
        made.add_column(column, justify="right" if number else "left", no_wrap=not number)
    for row in table.rows:
        made.add_row(*row)
    return made


def show_list(console: Console, scenarios: Sequence[Scenario]) -> None:
    """Print the scenarios, a line each."""
    console.print("`make simulate SCENARIO=…` changes the source, runs both DAGs and shows what moved:\n")
    for scenario in scenarios:
        console.print(f"  {scenario.name:15}{scenario.line}", soft_wrap=True)


def show_lesson(console: Console, learn: str, look: str) -> None:
    """Print what there is to learn, and what to look at in Airflow."""
    console.print(f"\n[bold]What to learn.[/bold] {escape(learn)}")
    console.print(f"[bold]In Airflow[/bold], look at {escape(look)}")
