from __future__ import annotations

from datetime import datetime, timedelta, timezone
from decimal import Decimal

import pytest
from rich.console import Console

from cli.airflow_client import STAGING_DAG, Task
from cli.report import Money, Report, TableCounts, as_sections, show, stages, times

COUNTS = [TableCounts("sales.store", 3, 1, True, 3, "dim_store", 3)]
MONEY = [Money("total due", Decimal("1.5"), Decimal("1.5"))]


def test_equal_numbers_agree():
    assert Report(COUNTS, MONEY).agree


def test_a_table_whose_values_differ_does_not_agree_although_the_numbers_do():
    report = Report(COUNTS, MONEY, {"store": "rows with other values: 1, such as (292)"})
    assert not report.agree
    console = Console(width=120)
    with console.capture() as printed:
        show(console, report)
    assert "✗ store: rows with other values: 1, such as (292)" in printed.get()


LARGE = [
    TableCounts("sales.salesorderheadersalesreason", 27647, 27647, True, 27647, "fact_order_reason", 27647),
    TableCounts("sales.salesorderdetail", 1213170, 1213170, False, 1213169, "fact_order", 1213170),
    TableCounts("api.currency", None, 105, False, 105, "dim_currency", 105),
]
REVENUE = [Money("revenue (order lines)", Decimal("1111615664.463012"), Decimal("1111615664.463013"))]


def printed(width, counts=LARGE, money=REVENUE):
    console = Console(width=width, no_color=True)
    with console.capture() as text:
        show(console, Report(counts, money), [times({"extract.db": 9.9})])
    return text.get()


@pytest.mark.parametrize("width", [40, 50, 60, 72, 80, 100, 120, 200])
def test_report_keeps_each_name_and_number_whole_in_any_terminal(width):
    text = printed(width)
    assert max(len(line) for line in text.splitlines()) <= width
    words = ["sales.salesorderheadersalesreason", "fact_order_reason", "27,647", "1,213,169", "1,111,615,664.463012"]
    assert [word for word in words if word not in text] == []
    assert "…" not in text


@pytest.mark.parametrize("width", [40, 80, 120])
def test_what_does_not_agree_is_seen_without_colours(width):
    marked = [line for line in printed(width).splitlines() if "✗" in line]
    assert len(marked) == 2
    assert "sales.salesorderdetail" in marked[0] and "revenue" in marked[1]
    assert "✗" not in printed(width, COUNTS, MONEY)


def test_what_dbt_warned_of_is_told_and_does_not_make_the_report_disagree():
    report = Report(COUNTS, MONEY, warned=["order_subtotals: 1 row, the first:", "  nk_order=7"])
    assert report.agree
    console = Console(width=60, no_color=True)
    with console.capture() as text:
        show(console, report)
    assert "Warnings\n  order_subtotals: 1 row, the first:\n    nk_order=7\n" in text.get()
    assert "Warnings\n  None.\n" in printed(60, COUNTS, MONEY)


def test_stages_are_told_in_the_order_in_which_they_started():
    start = datetime(2024, 9, 1, tzinfo=timezone.utc)
    spans = {
        "load.db.person": (20, 29),
        "extract.db.person": (0, 9),
        "extract.api.currency": (1, 3),
        "warehouse": (30, 60),
    }
    tasks = [
        Task(STAGING_DAG, name, "success", start + timedelta(seconds=a), start + timedelta(seconds=b), 1)
        for name, (a, b) in spans.items()
    ]
    assert [row.cells for row in times(stages(tasks)).rows] == [
        ["extract.db", "9.0"],
        ["extract.api", "2.0"],
        ["load.db", "9.0"],
        ["warehouse", "30.0"],
    ]


def test_a_page_gets_the_same_rows_and_marks():
    rows, money, warnings = as_sections(Report(LARGE, REVENUE, {"store": "rows with other values: 1"}))
    assert [row.wrong for row in rows.rows] == [False, True, False]
    assert rows.rows[0].cells[-1] == "fact_order_reason" and rows.rows[0].cells[2] == "27,647 (slice)"
    assert money.rows[0].wrong and warnings.lines == ["✗ store: rows with other values: 1"]
