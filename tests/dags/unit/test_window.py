from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest

from bikes_store.errors import Refused
from bikes_store.window import FULL, interval_of_run

MIDNIGHT = datetime(2024, 9, 1, tzinfo=timezone.utc)


def test_window_is_the_data_interval_and_not_the_day_before():
    window = interval_of_run(MIDNIGHT, MIDNIGHT + timedelta(days=1))
    assert (window.start, window.end) == (datetime(2024, 9, 1), datetime(2024, 9, 2))


def test_other_time_zones_become_utc():
    tokyo = timezone(timedelta(hours=9))
    window = interval_of_run(datetime(2024, 9, 1, 9, tzinfo=tokyo), datetime(2024, 9, 2, 9, tzinfo=tokyo))
    assert str(window) == "2024-09-01T00:00:00/2024-09-02T00:00:00"


@pytest.mark.parametrize("length", [timedelta(0), timedelta(days=-1)])
def test_empty_interval_is_refused(length):
    with pytest.raises(Refused, match="is empty"):
        interval_of_run(MIDNIGHT, MIDNIGHT + length)


def test_full_says_so():
    assert str(FULL) == "full"
