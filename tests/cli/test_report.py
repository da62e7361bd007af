from __future__ import annotations

from decimal import Decimal

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
