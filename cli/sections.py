"""Tables of a report, for a terminal of any width and for a page."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from rich import box
from rich.console import Console
from rich.measure import Measurement
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

_ANY_WIDTH = 1000  # columns: more than a table ever has


@dataclass(frozen=True)
class Row:
    """The cells of a row, and whether something is wrong with it."""

    cells: Sequence[str]
    wrong: bool = False


@dataclass(frozen=True)
class Section:
    """A table with a title, or a sentence where it has no rows.

    ``columns`` are the names; the first one is of texts, those in ``numbers`` of numbers. ``note`` is a sentence below
    the table.
    """

    title: str
    columns: Sequence[str]
    rows: Sequence[Row]
    numbers: frozenset[str] = frozenset()
    note: str = ""
    lines: Sequence[str] = field(default=())

    def is_number(self, column: str) -> bool:
        return column in self.numbers


def section(title: str, columns: str, rows: Iterable[Row], note: str = "", lines: Sequence[str] = ()) -> Section:
    """A section whose columns are told in one text: ``table, rows>``. The ``>`` marks a column of numbers.

    :param lines: sentences in place of a table.
    """
    names = [name.strip() for name in columns.split(",")]
    numbers = frozenset(name.rstrip(">") for name in names if name.endswith(">"))
    return Section(title, [name.rstrip(">") for name in names], list(rows), numbers, note, lines)


def marked(text: str, wrong: bool) -> str:
    """A text with ✗ before it when something is wrong, as not everybody sees colours."""
    return f"✗ {text}" if wrong else text


def show(console: Console, shown: Section, compact: bool = False) -> None:
    """Print a section as a table, or as lines where the terminal is too narrow for one.

    :param compact: without a frame, which saves three lines.
    """
    if shown.rows:
        wide = Table(title=shown.title, title_justify="left")
        narrow = Table(
            title=shown.title,
            title_justify="left",
            box=box.SIMPLE_HEAD,
            show_edge=False,
            pad_edge=False,
            padding=(0, 1, 0, 0),
        )
        for table in (wide, narrow):
            for column in shown.columns:
                table.add_column(column, justify="right" if shown.is_number(column) else "left", no_wrap=True)
            for row in shown.rows:
                table.add_row(*_cells(row), style="bold red" if row.wrong else None)
        print_what_fits(
            console,
            [narrow] if compact else [wide, narrow],
            shown.title,
            map(_in_words, [shown] * len(shown.rows), shown.rows),
        )
    elif shown.lines or shown.note:
        console.print(f"[bold]{shown.title}[/bold]")
    for line in [*shown.lines, *([shown.note] if shown.note else [])]:
        console.print(Padding(Text(line), (0, 0, 0, 2), expand=False))


def print_what_fits(console: Console, tables: Iterable[Table], title: str, lines: Iterable[str]) -> None:
    """Print the first table that the terminal is wide enough for; if there is none, the same as lines, which wrap."""
    for table in tables:
        if Measurement.get(console, console.options.update(width=_ANY_WIDTH), table).maximum <= console.width:
            console.print(table)
            return
    console.print(f"[bold]{title}[/bold]")
    for line in lines:
        console.print(Padding(Text(line), (0, 0, 0, 2), expand=False))


def number(value: float | None) -> str:
    """A whole number with separators; a dash for one that nobody knows."""
    return "–" if value is None else f"{value:,.0f}"


def in_words(seconds: float) -> str:
    """A time as people say it: ``42 s``, ``3 min``, ``5 h``, ``2 days``."""
    for unit, name, limit in ((1, "s", 100), (60, "min", 90 * 60), (3600, "h", 72 * 3600)):
        if seconds < limit:
            return f"{seconds / unit:.0f} {name}"
    return f"{seconds / 86400:.0f} days"


def _cells(row: Row) -> list[Text]:
    first, *others = row.cells
    return [Text(marked(first, row.wrong)), *map(Text, others)]


def _in_words(shown: Section, row: Row) -> str:
    told = (f"{column} {cell}" for column, cell in zip(shown.columns[1:], row.cells[1:], strict=True) if cell)
    return f"{marked(row.cells[0], row.wrong)}: {', '.join(told)}"
