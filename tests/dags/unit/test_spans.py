from __future__ import annotations

from datetime import datetime, timedelta

from bikes_store.spans import TaskSpan, group_seconds

START = datetime(2024, 9, 1)


def span(group, start, end, state="success"):
    """A task that ran between these seconds after START."""
    moments = (None if second is None else START + timedelta(seconds=second) for second in (start, end))
    return TaskSpan(group, state, *moments)


def test_a_group_lasts_from_its_first_start_to_its_last_end():
    seconds = group_seconds([span("load", 20, 35.5), span("load", 10, 30), span("extract", 0, 5, state="failed")])
    assert seconds == {"extract": 5, "load": 25.5}


def test_groups_are_in_the_order_of_their_first_starts():
    tasks = [span("c", 3, 4), span("b", 5, 9), span("a", 2, 8), span("b", 1, 2)]
    assert list(group_seconds(tasks)) == ["b", "a", "c"]


def test_skipped_tasks_and_tasks_without_times_do_not_count():
    tasks = [
        span("load", 10, 30),
        span("load", 0, 90, state="skipped"),
        span("load", 0, None, state="running"),
        span("load", None, 90, state="upstream_failed"),
        span("other", 5, 5, state="skipped"),
    ]
    assert group_seconds(tasks) == {"load": 20}
