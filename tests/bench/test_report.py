"""bench/: the kept results, and the README's table that is made from them."""

from __future__ import annotations

import json

from rich.console import Console

from bench import report
from bench.__main__ import RESULTS
from cli.paths import REPOSITORY

README = (REPOSITORY / "README.md").read_text()


def test_the_table_in_the_readme_is_made_from_the_kept_results():
    """After `make bench`: put what `python -m bench markdown` prints between the two comments."""
    table = README.partition("<!-- bench -->\n")[2].partition("\n<!-- /bench -->")[0]
    assert table == report.markdown(json.loads(RESULTS.read_text()))


def test_what_was_not_measured_is_a_dash():
    results = {"1": {"runs": 3, "machine": json.loads(RESULTS.read_text())["1"]["machine"], "medians": {}}}
    assert {value for _, value in report.cells(results)} == {"–"}


def test_ratios_follow_from_the_seconds():
    medians = {"copy, seconds": 2.0, "ours, seconds": 3.0}
    found = dict(report.cells({"1": {"runs": 1, "machine": {}, "medians": medians}}))
    assert found["ours : limit"] == "1.50 x"


def test_a_scale_is_told_with_the_machine_that_it_was_measured_on():
    one = json.loads(RESULTS.read_text())["1"]
    other = {**one, "machine": {**one["machine"], "processor": "Abacus"}}
    assert report.markdown({"1": one, "10": other}).split("\n")[-2:] == [
        f"- SCALE=1: {report.markdown({'1': one}).splitlines()[-1]}",
        f"- SCALE=10: {report.markdown({'1': other}).splitlines()[-1]}",
    ]
    assert "cores of Abacus" in report.markdown({"1": other, "10": other}).splitlines()[-1]


def test_the_screen_shows_the_same(capsys):
    results = json.loads(RESULTS.read_text())
    console = Console(width=200)
    with console.capture() as shown:
        report.show(console, results)
    text = shown.get()
    assert all(value in text for line in report.cells(results) for value in line[1:])
