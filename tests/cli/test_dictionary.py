"""docs/data-dictionary.md is what the project says of its tables. tests/dbt/test_dictionary.py compares the types."""

from __future__ import annotations

import re

import pytest

from bikes_store.tables import CURRENCY, TABLES
from cli import dictionary
from cli.dictionary import DOCUMENT, render, types_of

TEXT = DOCUMENT.read_text()


def section(text, table):
    return re.split(r"^##", text.partition(f"### {table}\n")[2], flags=re.MULTILINE)[0]


def test_the_document_is_what_is_generated():
    assert render(types_of(TEXT)) == TEXT, "`make fix` writes it again"


def test_types_are_kept_when_it_is_written_again(tmp_path, monkeypatch):
    copy = tmp_path / "dictionary.md"
    copy.write_text(TEXT.replace("| `order_qty` | smallint |", "| `order_qty` | money |").replace("Pieces.", "Pies."))
    monkeypatch.setattr(dictionary, "DOCUMENT", copy)
    dictionary.main()
    assert "| `order_qty` | money | Pieces. |" in copy.read_text()


def test_every_table_is_there_and_every_column_has_a_type():
    types = types_of(TEXT)
    steps = {name for name in types if name.startswith("int_")}
    assert len(steps) == 4
    assert set(types) - steps == {*TABLES, CURRENCY.name, *(name for name in dictionary.reads() if name not in steps)}
    for name in set(types) - steps:
        columns = re.findall(r"^\| \**`(\w+)`", section(TEXT, name), re.MULTILINE)
        assert columns and set(columns) == set(types[name]), name
    for table in (*TABLES.values(), CURRENCY):
        assert re.findall(r"^\| \*\*`(\w+)`", section(TEXT, table.name), re.MULTILINE) == [
            column for column in table.columns if column in table.key
        ]


def test_links_lead_somewhere():
    heads = {head.lower().replace(" ", "-") for head in re.findall(r"^##+ (.+)$", TEXT, re.MULTILINE)}
    assert set(re.findall(r"\]\(#([^)]+)\)", TEXT)) <= heads
    for path in re.findall(r"\]\((\.\./[^)#]+)", TEXT):
        assert (DOCUMENT.parent / path).exists(), path


@pytest.mark.parametrize(
    ("table", "words"),
    [
        ("fact_order", "| Customer, as of the order. | not null, in [dim_customer](#dim_customer) |"),
        ("fact_order", "one of `online`, `reseller`, `unknown` (warns) |"),
        ("fact_order", "- no two rows have the same `nk_sales_order`, `nk_sales_order_detail`"),
        ("dim_store", "not null, unique where `dbt_valid_to is null` |"),
        ("mart_sales_daily", "- the sum of `revenue` equals the sum of `line_total` in [fact_order](#fact_order)"),
        ("mart_sales_daily", "- the sum of `order_lines` equals the rows of [fact_order](#fact_order)"),
        ("mart_sales_daily", ", [mart_sales_territory](#mart_sales_territory). Shown on the dashboard Sales."),
        ("shoppingcartitem", "From `sales.shoppingcartitem` of the source. No model reads it."),
        ("currency", "From the currency API. Read by [dim_currency](#dim_currency)."),
    ],
)
def test_what_is_tested_and_read_is_said_in_words(table, words):
    assert words in section(TEXT, table)
