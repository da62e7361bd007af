"""Tables of a report: in any terminal, without colours."""

from __future__ import annotations

import pytest
from rich.console import Console

from cli.sections import Row, in_words, section, show

LONG = "sales.salesorderheadersalesreason"
CHANGES = section(
    "Changes",
    "table, inserted>, updated>, deleted>, rows before>, rows now>",
    [
        Row([LONG, "1,213,170", "27,647", "5", "121,317", "1,334,487"]),
        Row(["[b]odd[/b]", "–", "–", "–", "1", "2"], True),
    ],
    note="–: dbt has put a new table in the place of the old one, so nobody counted.",
)


def printed(width, shown=CHANGES):
    console = Console(width=width, no_color=True)
    with console.capture() as text:
        show(console, shown)
    return text.get()


@pytest.mark.parametrize("width", [40, 60, 80, 120, 200])
def test_each_name_and_number_is_whole_in_any_terminal(width):
    text = printed(width)
    assert max(len(line) for line in text.splitlines()) <= width
    assert [word for word in (LONG, "1,213,170", "1,334,487", "[b]odd[/b]", "rows now") if word not in text] == []
    assert "…" not in text
    assert "nobody counted" in " ".join(text.split())


@pytest.mark.parametrize("width", [40, 60, 120])
def test_what_is_wrong_is_seen_without_colours(width):
    assert [line for line in printed(width).splitlines() if "✗" in line and "[b]odd[/b]" in line]
    assert printed(width).count("✗") == 1


def test_a_narrow_terminal_gets_lines_with_the_names_of_the_columns():
    words = " ".join(printed(40).split())
    assert f"{LONG}: inserted 1,213,170, updated 27,647, deleted 5, rows before 121,317, rows now 1,334,487" in words


def test_without_rows_there_is_a_sentence_or_nothing():
    assert printed(80, section("Alerts", "alert", [], note="None.")) == "Alerts\n  None.\n"
    assert printed(80, section("Alerts", "alert", [])) == ""
    assert printed(80, section("Warnings", "what", [], lines=["one [x]", "two"])) == "Warnings\n  one [x]\n  two\n"


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0, "0 s"), (99, "99 s"), (100, "2 min"), (5399, "90 min"), (5400, "2 h"), (93600, "26 h"), (260000, "3 days")],
)
def test_a_time_in_words(seconds, words):
    assert in_words(seconds) == words
