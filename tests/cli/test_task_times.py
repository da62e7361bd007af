"""Where the time of a run went."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest

from cli.airflow_client import STAGING_DAG, TRIGGER, Airflow, Task
from cli.task_times import TaskTime, as_section, task_times

START = datetime(2024, 9, 1, tzinfo=timezone.utc)


def at(seconds):
    return None if seconds is None else START + timedelta(seconds=seconds)


def task(name, queued, start, end, state="success"):
    return Task(STAGING_DAG, name, state, at(start), at(end), 1, at(queued), "run")


UPSTREAM = {STAGING_DAG: {"a": set(), "b": {"a"}, "c": {"a", "b"}, TRIGGER: {"c"}}}
TASKS = [
    task("a", 1, 3, 13),  # it waited for a worker
    task("b", 17, 18, 19),  # and this one for the scheduler first: it could run at 13
    task("c", 19, 20, 24),
    task(TRIGGER, 24, 24, 99),  # it waits for the other DAG
    task("empty", None, 5, 5),
    task("skipped", None, None, None, "skipped"),
]


def test_a_task_waits_from_the_end_of_what_it_follows():
    assert task_times(TASKS, UPSTREAM) == [TaskTime("a", 2, 10), TaskTime("c", 1, 4), TaskTime("b", 5, 1)]


def test_a_task_that_was_tried_again_before_the_others_ended_did_not_wait_less_than_nothing():
    """Somebody cleared the first task alone."""
    assert task_times([task("a", 30, 31, 40), task("b", 17, 18, 19)], UPSTREAM)[-1] == TaskTime("b", 0, 1)


def test_the_slowest_come_first_with_the_share_of_waiting():
    shown = as_section(task_times(TASKS, UPSTREAM))
    assert [row.cells for row in shown.rows] == [
        ["a", "10.0", "2.0", "17%"],
        ["c", "4.0", "1.0", "20%"],
        ["b", "1.0", "5.0", "83%"],
    ]
    assert shown.note.startswith("All 3 tasks: 15 s of work, 8 s of waiting for the scheduler and a worker (35%).")
    assert len(as_section([TaskTime(str(number), 0, 1) for number in range(40)]).rows) == 5
    assert as_section([]).rows == []


def test_what_a_task_follows_is_asked_of_airflow(monkeypatch):
    airflow = Airflow("http://nowhere", "", "")
    answer = {
        "tasks": [
            {"task_id": name, "downstream_task_ids": after}
            for name, after in (("a", ["b", "c"]), ("b", ["c"]), ("c", []))
        ]
    }
    monkeypatch.setattr(airflow, "call", lambda method, path: answer if path == "/dags/x/tasks" else pytest.fail(path))
    assert airflow.upstream("x") == {"a": set(), "b": {"a"}, "c": {"a", "b"}}
