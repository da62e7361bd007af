from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pendulum
import pytest

from bikes_store.errors import Refused
from bikes_store.window import FULL, Window, interval_of_run, is_due, plan, read_window

MIDNIGHT = datetime(2024, 9, 1, tzinfo=timezone.utc)


def test_window_is_the_data_interval_and_not_the_day_before():
    window = interval_of_run(MIDNIGHT, MIDNIGHT + timedelta(days=1))
    assert (window.start, window.end) == (datetime(2024, 9, 1), datetime(2024, 9, 2))


def test_other_time_zones_become_utc():
    tokyo = timezone(timedelta(hours=9))
    window = interval_of_run(datetime(2024, 9, 1, 9, tzinfo=tokyo), datetime(2024, 9, 2, 9, tzinfo=tokyo))
    assert str(window) == "2024-09-01T00:00:00/2024-09-02T00:00:00"


def test_airflows_own_moments_become_pythons():
    """Pendulum calculates otherwise: its differences can't be divided by a timedelta."""
    window = interval_of_run(pendulum.datetime(2024, 9, 1, tz="UTC"), pendulum.datetime(2024, 9, 2, tz="UTC"))
    assert {type(window.start), type(window.end)} == {datetime}
    assert is_due(window, window.start, 1)


@pytest.mark.parametrize("length", [timedelta(0), timedelta(days=-1)])
def test_empty_interval_is_refused(length):
    with pytest.raises(Refused, match="is empty"):
        interval_of_run(MIDNIGHT, MIDNIGHT + length)


def test_full_says_so():
    assert str(FULL) == "full"


DAY = Window(datetime(2024, 9, 4), datetime(2024, 9, 5))
OVERLAP = timedelta(hours=6)


@pytest.mark.parametrize("window", [FULL, DAY, Window(datetime(2024, 9, 1, 1, 2, 3, 4), datetime(2024, 9, 2))])
def test_a_window_is_read_as_it_was_written(window):
    assert read_window(str(window)) == window


@pytest.mark.parametrize("text", ["", "all", "2024-09-01", "2024-09-01/2024-09-02/2024-09-03"])
def test_other_texts_are_no_windows(text):
    with pytest.raises(ValueError, match=r"."):
        read_window(text)


@pytest.mark.parametrize(
    ("held_until", "start"),
    [
        (datetime(2024, 9, 4), datetime(2024, 9, 3, 18)),  # the day before was loaded
        (datetime(2024, 9, 1), datetime(2024, 8, 31, 18)),  # three days were missed
        (datetime(2024, 9, 1, 12, 30), datetime(2024, 9, 1, 6, 30)),  # a full load at half past twelve
        (datetime(2024, 9, 9), datetime(2024, 9, 3, 18)),  # an old day, again
    ],
)
def test_a_window_begins_where_staging_ends_and_an_overlap_before(held_until, start):
    assert plan(DAY, held_until, OVERLAP) == Window(start, DAY.end)


def test_a_table_that_staging_does_not_hold_is_taken_in_full():
    assert plan(DAY, None, OVERLAP) == FULL


def test_what_is_due_every_seven_days_is_done_once_in_seven_days():
    days = [datetime(2024, 9, 1) + timedelta(days=number) for number in range(70)]
    due = [is_due(Window(day, day + timedelta(days=1)), day, 7) for day in days]
    assert due.count(True) == 10
    assert due[:7] == due[7:14]


def test_what_was_due_on_a_day_that_was_missed_is_done_by_the_next_run():
    days = [datetime(2024, 9, 1) + timedelta(days=number) for number in range(7)]
    (due,) = (day for day in days if is_due(Window(day, day + timedelta(days=1)), day, 7))
    later = Window(due + timedelta(days=2), due + timedelta(days=3))
    assert not is_due(later, later.start, 7)
    assert is_due(later, due, 7)


def test_every_day_and_never():
    assert is_due(DAY, DAY.start, 1)
    assert is_due(DAY, None, 1)
    assert not is_due(DAY, DAY.start, 0)
