from __future__ import annotations

import pytest

from bikes_store.errors import Refused
from bikes_store.quantities import read_number, read_whole_number


@pytest.mark.parametrize(("value", "number"), [("6", 6), (0, 0), (" 1.5 ", 1.5), ('"24"', 24), ("1e2", 100)])
def test_numbers_in_usual_spellings(value, number):
    assert read_number(value, "V", "hours", 100) == number


@pytest.mark.parametrize("value", ["", "six", "-1", "nan", "inf", "101", None, "1,5", "6h"])
def test_anything_else_is_refused_by_name(value):
    with pytest.raises(Refused, match="Variable V must be a number of hours from 0 to 100, not "):
        read_number(value, "V", "hours", 100)


def test_a_part_of_a_day_is_no_whole_number():
    assert read_whole_number("7.0", "V", "days", 100) == 7
    with pytest.raises(Refused, match=r"Variable V must be a whole number of days, not '0\.5'"):
        read_whole_number("0.5", "V", "days", 100)
