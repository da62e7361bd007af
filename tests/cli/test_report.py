from __future__ import annotations

from decimal import Decimal

import pytest
from rich.console import Console

from cli.report import Money, Report, TableCounts, show

COUNTS = [TableCounts("sales.store", 3, 1, True, 3, "dim_store", 3)]
MONEY = [Money("total due", Decimal("1.5"), Decimal("1.5"))]


def test_equal_numbers_agree():
    assert Report(COUNTS, MONEY).agree


def test_a_table_whose_values_differ_does_not_agree_although_the_numbers_do():
    report = Report(COUNTS, MONEY, {"store": "rows with other values: 1, such as (292)"})
    assert not report.agree
    console = Console(width=120)
    with console.capture() as printed:
        show(console, report, {})
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
        show(console, Report(counts, money), {"extract.db": 9.9})
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
