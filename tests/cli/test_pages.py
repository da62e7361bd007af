"""How pages draw: numbers, axes, lines, panels. tests/dbt and tests/prometheus write them from real services."""

from __future__ import annotations

import math
import re
from datetime import datetime, timezone
from typing import Any

import pytest

from cli.pages import prometheus, times, warehouse
from cli.pages.answers import Table
from cli.pages.charts import draw
from cli.pages.menu import MENU
from cli.pages.panels import body
from cli.pages.units import in_unit, on_axis, steps
from cli.pages.write import make_report_page
from cli.run import Result
from cli.sections import Row, section


@pytest.mark.parametrize(
    ("value", "unit", "decimals", "text"),
    [
        (1234.5, "currencyUSD", None, "$1,234.50"),
        (0.1234, "percentunit", None, "12.3 %"),
        (121317.0, "locale", 0, "121,317"),
        (1.02, "locale", 0, "1"),  # what increase() makes of one
        (90.0, "s", None, "1.5 min"),
        (93600.0, "s", None, "1.1 days"),
        (0.0025, "s", None, "2.5 ms"),
        (0.0, "s", None, "0 s"),
        (1536.0, "bytes", None, "1.5 KiB"),
        ("2014-06-30", "string", None, "2014-06-30"),
        (None, "locale", 0, "–"),
        (math.nan, "s", None, "–"),
        (math.inf, "locale", 0, "∞"),
    ],
)
def test_number_in_its_unit(value, unit, decimals, text):
    assert in_unit(value, unit, decimals) == text


@pytest.mark.parametrize(
    ("highest", "unit", "whole", "texts"),
    [
        (3.9e6, "currencyUSD", False, ["$0", "$1M", "$2M", "$3M", "$4M"]),
        (1.0, "percentunit", False, ["0 %", "25 %", "50 %", "75 %", "100 %"]),
        (1, "locale", True, ["0", "1"]),
        (7200, "s", False, ["0 s", "30 min", "1 h", "1.5 h", "2 h"]),
        (3 * 2**20, "bytes", False, ["0 B", "1 MiB", "2 MiB", "3 MiB"]),
        (0, "locale", True, ["0", "1"]),
    ],
)
def test_axis_has_round_steps(highest, unit, whole, texts):
    assert [on_axis(value, unit) for value in steps(highest, unit, whole)] == texts


@pytest.mark.parametrize(
    ("start", "end", "texts"),
    [
        ("2024-09-01T10:00:02", "2024-09-01T10:01:07", ["10:00:15", "10:00:30", "10:00:45", "10:01:00"]),
        ("2024-09-01T10:00:30", "2024-09-01T10:08:00", ["10:02", "10:04", "10:06", "10:08"]),
        ("2024-09-01T22:00:00", "2024-09-02T02:00:00", ["22:00", "23:00", "00:00", "01:00", "02:00"]),
        ("2024-08-30T12:00:00", "2024-09-03T12:00:00", ["31 Aug", "01 Sep", "02 Sep", "03 Sep"]),
        ("2011-05-31T00:00:00", "2014-06-30T00:00:00", ["2012", "2013", "2014"]),
        (
            "1950-01-01T00:00:00",
            "2024-01-01T00:00:00",
            ["1950", "1960", "1970", "1980", "1990", "2000", "2010", "2020"],
        ),
    ],
)
def test_time_has_few_round_marks(start, end, texts):
    found = times.marks(*(datetime.fromisoformat(at).replace(tzinfo=timezone.utc).timestamp() for at in (start, end)))
    assert [text for _, text in found] == texts


def test_lines_fill_the_plot_and_are_told_in_words():
    chart = draw(
        {"one": [(0, 0), (60, 5), (120, 10)], "two": [(0, 2.5)]}, "locale", events={"Failed": [60, 999], "None": []}
    )
    assert chart and [line.name for line in chart.lines] == ["one", "two"]
    assert chart.lines[0].path == "M0.00 100.00L50.00 50.00L100.00 0.00"
    assert chart.lines[1].path == "M0.00 75.00L0.00 75.00"  # one value is a dot
    assert chart.lines[0].dash != chart.lines[1].dash and chart.lines[0].colour != chart.lines[1].colour
    assert chart.events == {"Failed": [50]}
    assert chart.summary.endswith(
        "one is between 0 and 10, at the end 10. two is between 2 and 2, at the end 2. Failed: 1."
    )


def test_no_line_leads_over_missing_values():
    chart = draw({"": [(0, 1), (10, 1), (20, 1), (100, 1), (110, 1)]}, "locale")
    assert chart and chart.lines[0].path.count("M") == 2
    assert draw({"": [(0, math.nan)]}, "locale") is None
    assert draw({}, "locale") is None


class Given:
    """A source with given answers."""

    def __init__(self, answer: Any) -> None:
        self.values = self.series = self.table = lambda panel: answer


def panel(kind: str, **defaults: Any) -> dict[str, Any]:
    config = {"defaults": {"unit": "locale", "noValue": "No run yet.", **defaults}, "overrides": []}
    return {"type": kind, "options": {}, "fieldConfig": config}


UP = {
    "thresholds": {"steps": [{"color": "red", "value": None}, {"color": "green", "value": 1}]},
    "mappings": [{"type": "value", "options": {"0": {"text": "down"}, "1": {"text": "up"}}}],
}


def test_one_of_three_that_is_down_is_red():
    tiles = body(panel("stat", **UP), Given([("a", 1.0), ("b", 0.0), ("c", 1.0)]), None, {})["tiles"]
    assert tiles == [("a", "up", "good"), ("b", "down", "red"), ("c", "up", "good")]


@pytest.mark.parametrize("kind", ["stat", "bargauge", "barchart", "piechart", "timeseries", "table"])
def test_panel_without_data_has_its_sentence(kind):
    empty: Any = {"timeseries": {}, "table": Table(["a"], [])}.get(kind, [])
    assert body(panel(kind), Given(empty), None, {}) == {"nothing": "No run yet."}


def test_table_is_sorted_and_each_column_has_its_unit():
    made = panel("table", decimals=0)
    made["options"] = {"sortBy": [{"displayName": "rows", "desc": True}]}
    limit = {"steps": [{"color": "transparent", "value": None}, {"color": "red", "value": 1}]}
    made["fieldConfig"]["overrides"] = [
        {"matcher": {"id": "byName", "options": "share"}, "properties": [{"id": "unit", "value": "percentunit"}]},
        {"matcher": {"id": "byName", "options": "rows"}, "properties": [{"id": "thresholds", "value": limit}]},
    ]
    table = body(made, Given(Table(["a_name", "rows", "share"], [("x", 0.0, 0.5), ("y", 2.0, None)])), None, {})[
        "table"
    ]
    assert table["columns"] == [("a name", False), ("rows", True), ("share", True)]
    assert [[text for text, _ in row] for row in table["rows"]] == [["y", "2", "–"], ["x", "0", "50 %"]]
    assert [row[1][1] for row in table["rows"]] == ["red", "good"]


def test_a_variable_that_nobody_fills_in_is_refused():
    with pytest.raises(ValueError, match="is not filled in"):
        warehouse.fill_in("select $new", {"old": "1"})
    with pytest.raises(ValueError, match="is not filled in"):
        prometheus.fill_in("up{a=~'$new'}", 1, {})


def test_the_report_of_the_last_run_is_a_page_with_its_tables_and_marks():
    rows = [Row(["sales.store", "701", "700"], wrong=True), Row(["<b>odd</b>", "1", "1"])]
    made = [
        section("Rows", "table, source>, staging>", rows),
        section("Changes", "table", [], note="This was the first run: every row is new."),
        section("Warnings", "what", [], lines=["order_subtotals: 1 row"]),
    ]
    page = make_report_page(Result(False, "What is marked does not agree.", made), 1.7e9)
    assert re.findall(r'<h2 id="p\d">([^<]*)</h2>', page) == ["Rows", "Changes", "Warnings"]
    assert '<td class=" red">⚠ sales.store</td>' in page and page.count("⚠") == 1
    assert '<th scope="col" class="n">source</th>' in page and '<td class="n">701</td>' in page
    assert "&lt;b&gt;odd&lt;/b&gt;" in page
    assert "<p>This was the first run: every row is new.</p>" in page and "<li>order_subtotals: 1 row</li>" in page
    assert "What is marked does not agree. Written 14 November 2023, 22:13 UTC." in page
    assert re.findall(r'href="([^"]*)"', page) == ["#panels", *(f"{name}.html" for name in MENU)]
    assert '<a href="report.html" aria-current="page">Report</a>' in page


def test_small_tables_of_the_report_stand_beside_each_other():
    few, many = [Row(["a", "1"])], [Row(["a", "1", "2", "3", "4"])]
    made = [
        section("one", "a, b>", few),
        section("two", "a, b>", few),
        section("three", "a, b>, c>, d>, e>", many),
        section("four", "a, b>", few),
    ]
    page = make_report_page(Result(True, "All is well.", made), 0)
    places = re.findall(r'style="--x: (\d+); --w: (\d+); --y: (\d+); --h: 1"', page)
    assert places == [("1", "12", "1"), ("13", "12", "1"), ("1", "24", "2"), ("1", "12", "3")]
