"""What a person sets on make's command line."""

from __future__ import annotations

from datetime import date

import pytest

from cli import options
from cli.errors import UserError


def test_nothing_set_is_the_default():
    assert options.scale({}) == 1
    assert options.dump({"SOURCE_SQL": ""}) is None
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


@pytest.mark.parametrize(
    ("read", "environment", "says"),
    [
        (options.scale, {"SCALE": "ten"}, "SCALE=ten must be a whole number from 1 to 1000"),
        (options.dump, {"SOURCE_SQL": "nowhere.sql"}, "SOURCE_SQL=nowhere.sql is not a file."),
        (options.days, {"DATE": "1 May"}, "DATE=1 May is not a day: write it as YYYY-MM-DD."),
        (options.days, {"FROM": "2024-09-01", "TO": "2024-09-31"}, "TO=2024-09-31 is not a day"),
        (options.days, {"FROM": "2024-09-02", "TO": "2024-09-01"}, "FROM=2024-09-02 is after TO=2024-09-01"),
        (options.days, {"FROM": "2024-09-02"}, "FROM and TO go together"),
        (options.days, {"DATE": "2024-09-02", "TO": "2024-09-03"}, "give one or the other"),
    ],
)
def test_what_is_wrong_is_said_in_a_sentence(read, environment, says):
    with pytest.raises(UserError, match=says):
        read(environment)
