"""cli/airflow_client.py: how often a run is asked after, which days can be run, what a run waits for."""

from __future__ import annotations

from datetime import date, datetime, timezone
from io import StringIO

import pytest
from rich.console import Console

from cli import airflow_client
from cli.airflow_client import STAGING_DAG, TRIGGER, WAREHOUSE_DAG, Airflow, RunState, Task
from cli.errors import UserError
from cli.progress import show_progress

DAY = date(2024, 10, 5)
MIDNIGHT, NEXT = "2024-10-05T00:00:00+00:00", "2024-10-06T00:00:00+00:00"


class Answers(Airflow):
    """An Airflow whose run ends after some looks; it counts what is asked."""

    def __init__(self, looks, tasks=("one",)):
        super().__init__("http://nowhere", "", "")
        self.left, self.asked_for_tasks, self.tasks = looks, 0, tasks

    def call(self, method, path, body=None):
        if path.endswith("taskInstances?limit=1000"):
            self.asked_for_tasks += 1
            return {"task_instances": [instance(name, "success") for name in self.tasks]}
        self.left -= 1
        return {"state": "running" if self.left > 0 else "success"}


class Days(Airflow):
    """An Airflow that has one run of the staging DAG; it notes what is changed."""

    def __init__(self, **run):
        super().__init__("http://nowhere", "", "")
        self.run, self.changed = run, []

    def call(self, method, path, body=None):
        if method != "GET":
            self.changed.append((method, path.removeprefix(f"/dags/{STAGING_DAG}"), body))
            return {"dag_run_id": "made"}
        if path.endswith("/details"):
            return {"start_date": "2024-09-01T00:00:00+00:00"}
        return {"dag_runs": [self.run] if self.run else []}


def instance(name, state):
    return {"task_id": name, "state": state, "start_date": None, "end_date": None, "try_number": 1}


def a_run(run_id="scheduled__x", start=MIDNIGHT, end=NEXT, run_type="scheduled", state="success"):
    return {
        "dag_run_id": run_id,
        "data_interval_start": start,
        "data_interval_end": end,
        "run_type": run_type,
        "state": state,
    }


@pytest.fixture
def clock(monkeypatch):
    now = [0.0]
    monkeypatch.setattr(airflow_client.time, "sleep", lambda seconds: now.__setitem__(0, now[0] + seconds))
    monkeypatch.setattr(airflow_client.time, "monotonic", lambda: now[0])


def test_the_state_is_asked_for_often_and_the_tasks_now_and_then(clock):
    """Airflow writes out each task."""
    answers = Answers(looks=60)
    states = [progress.state for progress in airflow_client.follow_run(answers, STAGING_DAG, "run")]
    assert (states[0], states[-1]) == ("running", "success")
    assert 5 < answers.asked_for_tasks < 15


def test_a_run_that_has_ended_is_looked_at_once():
    answers = Answers(looks=1)
    assert [p.state for p in airflow_client.follow_run(answers, STAGING_DAG, "run")] == ["success"]
    assert answers.asked_for_tasks == 1


def test_a_run_without_a_task_is_no_success():
    """Airflow calls it a success: the run of a day before the DAG's first day has no tasks."""
    with pytest.raises(UserError, match="the run run had no task to run, so nothing was done"):
        list(airflow_client.follow_run(Answers(looks=1, tasks=()), STAGING_DAG, "run"))


@pytest.mark.parametrize(
    ("day", "says"),
    [
        (date(2014, 6, 30), "2014-06-30 is before the first day of bikes_store_staging, 2024-09-01"),
        (datetime.now(timezone.utc).date(), "is not over yet: give a day before"),
    ],
)
def test_a_day_that_has_no_run_is_refused(day, says):
    airflow = Days()
    with pytest.raises(UserError, match=says):
        airflow_client.start_run(airflow, day)
    assert airflow.changed == []


def test_a_run_that_covers_another_day_is_not_taken_for_the_days_run():
    """Made by REST with this logical date and no interval: Airflow gives it the interval before the date."""
    airflow = Days(**a_run("manual__2024-10-05", start="2024-10-04T00:00:00+00:00", end=MIDNIGHT))
    with pytest.raises(UserError, match=r"run manual__2024-10-05, which covers 2024-10-04T.* and not that day: delete"):
        airflow_client.start_run(airflow, DAY)
    assert airflow.changed == []


def test_the_days_run_is_cleared():
    airflow = Days(**a_run(start="2024-10-05T00:00:00Z"))
    assert airflow_client.start_run(airflow, DAY) == "scheduled__x"
    assert airflow.changed[0] == ("POST", "/dagRuns/scheduled__x/clear", {"dry_run": False})


def test_a_day_without_a_run_gets_one_that_covers_it():
    airflow = Days()
    assert airflow_client.start_run(airflow, DAY) == "made"
    covers = {"logical_date": MIDNIGHT, "data_interval_start": MIDNIGHT, "data_interval_end": NEXT}
    assert airflow.changed[0] == ("POST", "/dagRuns", covers)


def test_the_run_of_a_backfill_is_made_anew():
    """The scheduler starts no run of the type backfill: cleared, it would wait for ever."""
    airflow = Days(**a_run("backfill__x", run_type="backfill"))
    assert airflow_client.start_run(airflow, DAY) == "made"
    assert [change[:2] for change in airflow.changed[:2]] == [("DELETE", "/dagRuns/backfill__x"), ("POST", "/dagRuns")]


def test_the_run_of_a_backfill_in_progress_is_left_alone():
    airflow = Days(**a_run("backfill__x", run_type="backfill", state="running"))
    with pytest.raises(UserError, match="is being run by `airflow dags backfill`: wait"):
        airflow_client.start_run(airflow, DAY)
    assert airflow.changed == []


@pytest.mark.parametrize(
    ("states", "behind", "says"),
    [
        ({"one": "running", "two": "running", "three": "queued"}, None, "one and 1 more"),
        ({"one": "success", "two": "queued", "three": "queued"}, None, "two and 1 more waits for a worker"),
        ({"one": "up_for_retry"}, None, "one failed and will be tried again"),
        ({"one": "success", TRIGGER: "deferred"}, None, f"{TRIGGER} waits for the other DAG"),
        ({"one": None}, "manual__x", "waits until the run manual__x has ended"),
        ({"one": None}, None, "running"),
    ],
)
def test_what_a_run_waits_for_is_said(states, behind, says):
    tasks = [Task(STAGING_DAG, name, state, None, None, 1) for name, state in states.items()]
    assert RunState(STAGING_DAG, "run", "running", tasks, behind).now == says


class BothDags(Airflow):
    """An Airflow in which the staging run waits for the warehouse run, which has a name of its own."""

    def __init__(self, built="success"):
        super().__init__("http://nowhere", "", "")
        self.built, self.staging, self.warehouse = built, 0, 0

    def call(self, method, path, body=None):
        dag_id = path.split("/")[2]
        if "?" in path and path.split("?")[0].endswith("/dagRuns"):
            return {"dag_runs": [{"dag_run_id": "built"}] if dag_id == WAREHOUSE_DAG else []}
        if path.endswith(TRIGGER):
            return {"state": "deferred"}
        waits = self.warehouse < 2
        if path.endswith("taskInstances?limit=1000"):
            if dag_id == WAREHOUSE_DAG:
                return {"task_instances": [instance("test", None if waits else self.built)]}
            state = "deferred" if waits else "success"
            return {"task_instances": [instance("load", "success"), instance(TRIGGER, state)]}
        if dag_id == WAREHOUSE_DAG:
            assert "/dagRuns/built" in path
            self.warehouse += 1
            return {"state": "running" if self.warehouse < 2 else self.built}
        return {"state": "running" if waits else "success", "logical_date": MIDNIGHT}

    def log(self, task, run_id):
        return f"the log of {run_id}"


def test_the_warehouse_run_is_followed_before_the_end_of_the_staging_run(clock):
    """The staging run ends last. The warehouse run is found by its date: its name may differ."""
    seen = [(p.dag_id, p.run_id, p.state) for p in airflow_client.follow(BothDags(), "run")]
    assert seen[0] == (STAGING_DAG, "run", "running")
    assert (WAREHOUSE_DAG, "built", "success") in seen
    assert seen[-1] == (STAGING_DAG, "run", "success")


def test_a_warehouse_run_that_fails_is_told_with_its_log(clock):
    console = Console(record=True, width=110, force_terminal=False, file=StringIO())
    assert show_progress(console, BothDags(built="failed"), "run", lambda: None) is None
    text = console.export_text()
    assert "bikes_store_warehouse: task test failed" in text
    assert "the log of built" in text


class Runs(Airflow):
    """An Airflow with some runs; the newest started last."""

    def __init__(self, *runs):
        super().__init__("http://nowhere", "", "")
        self.runs = [{"dag_run_id": name, "state": state, "start_date": start} for name, state, start in runs]

    def call(self, method, path, body=None):
        found = [run for run in self.runs if "state=queued" not in path or run["state"] == "queued"]
        if "order_by=-start_date" in path:
            found.sort(key=lambda run: run["start_date"] or "9", reverse=True)  # PostgreSQL puts nulls first
        return {"dag_runs": found[: int(path.rpartition("=")[2])]}


def test_the_last_runs_are_those_that_wait_and_those_that_started_last():
    """A run of an old day may be the newest one."""
    airflow = Runs(
        ("old", "success", "1"), ("waits", "queued", None), ("newest", "running", "4"), ("day", "failed", "3")
    )
    assert [run["dag_run_id"] for run in airflow.last_runs(STAGING_DAG, 3)] == ["waits", "newest", "day"]
    assert Runs().last_runs(STAGING_DAG, 3) == []
