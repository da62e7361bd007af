from __future__ import annotations

import re

import pytest

from bikes_store.errors import Refused
from bikes_store.quantities import Quantity

HOURS = Quantity("V", "hours", default=6, least=0, most=100, is_whole=False)
SECONDS = Quantity("V", "seconds", default=60, least=1, most=3600)
KEPT = Quantity("V", "days", default=0, least=0, most=366, least_above=7)


@pytest.mark.parametrize(
    ("value", "number"), [("6", 6), (0, 0), (" 0 ", 0), (" 1.5 ", 1.5), (2.5, 2.5), ('"24"', 24), ("1e2", 100)]
)
def test_numbers_in_usual_spellings(value, number):
    assert HOURS.read(value) == number


@pytest.mark.parametrize("value", ["", "six", "-1", "nan", "inf", "101", None, "1,5", "6h", "6 %"])
def test_anything_else_is_refused_by_name(value):
    says = f"Variable V must be a number of hours from 0 to 100, such as 6, not {value!r}."
    with pytest.raises(Refused, match=f"^{re.escape(says)}$"):
        HOURS.read(value)


@pytest.mark.parametrize("value", ["1", "7.0", " 7 ", 3600, "'60'"])
def test_whole_numbers_in_usual_spellings(value):
    assert SECONDS.read(value) == int(SECONDS.read(value)) >= 1


@pytest.mark.parametrize("value", ["soon", "0", "-1", "0.5", "1.5", "", "nan", "3601", None])
def test_what_is_no_whole_number_in_range_is_refused_by_name(value):
    says = f"Variable V must be a whole number of seconds from 1 to 3,600, such as 60, not {value!r}."
    with pytest.raises(Refused, match=f"^{re.escape(says)}$"):
        SECONDS.read(value)


@pytest.mark.parametrize(("value", "number"), [("0", 0), ("7", 7), ("90", 90), ("366", 366)])
def test_nothing_or_enough(value, number):
    assert KEPT.read(value) == number


@pytest.mark.parametrize("value", ["1", "6", "-1", "0.5", "367", "never"])
def test_too_little_is_refused_by_name(value):
    says = f"Variable V must be 0 for never, or a whole number of days from 7 to 366, such as 7, not {value!r}."
    with pytest.raises(Refused, match=f"^{re.escape(says)}$"):
        KEPT.read(value)
