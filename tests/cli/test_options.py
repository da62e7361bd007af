"""What a person sets on make's command line."""

from __future__ import annotations

from datetime import date

import pytest

from cli import options
from cli.errors import UserError


def test_nothing_set_is_the_default():
    assert options.scale({}) == 1
    assert options.dump({"SOURCE_SQL": ""}) is None
    assert options.open_lineage({"OPENLINEAGE": ""}) is None
    assert options.days({}) == []
    assert not options.is_set({}, "EXIT")


def test_what_is_set_is_read(tmp_path):
    dump = tmp_path / "dump.sql"
    dump.touch()
    assert options.scale({"SCALE": "10"}) == 10
    assert options.dump({"SOURCE_SQL": str(dump)}) == dump
    assert options.days({"DATE": "2024-09-01"}) == [date(2024, 9, 1)]
    assert options.days({"FROM": "2024-02-28", "TO": "2024-03-01"}) == [
        date(2024, 2, 28),
        date(2024, 2, 29),
        date(2024, 3, 1),
    ]
    assert options.is_set({"EXIT": "1"}, "EXIT")
    assert not options.is_set({"EXIT": "no"}, "EXIT")


def test_openlineage_is_an_address_or_a_file(tmp_path):
    address = "http://marquez.example.com:5000"
    assert options.open_lineage({"OPENLINEAGE": address}) == {"type": "http", "url": address}
    file = tmp_path / "events.jsonl"
    assert options.open_lineage({"OPENLINEAGE": str(file)}) == {
        "type": "file",
        "log_file_path": str(file),
        "append": True,
    }


@pytest.mark.parametrize("wrong", ["ftp://here", "http://", "/no/such/folder/events", "."])
def test_openlineage_that_is_neither_is_refused(wrong):
    with pytest.raises(UserError, match=f"OPENLINEAGE={wrong} "):
        options.open_lineage({"OPENLINEAGE": wrong})
