"""Loads and warehouse runs take turns. Airflow's own tables say who is at work, here in a database of the test's."""

from __future__ import annotations

import threading
from datetime import datetime, timedelta, timezone

import pytest
from airflow.exceptions import AirflowFailException, TaskDeferred
from airflow.models import DagRun, TaskInstance
from airflow.utils.session import create_session
from airflow.utils.types import DagRunType

from bikes_store.airflow_glue import tasks, turns
from bikes_store.airflow_glue.turns import GATE, STAGING_DAG, WAREHOUSE_DAG
from tests.support.metadata import metadata_tables

DAY = datetime(2024, 9, 1, tzinfo=timezone.utc)
MODEL = "warehouse.fact_order_run"
FIRST, SECOND, LAST = "load.db.person", "load.db.employee", "load.db.salesorderheadersalesreason"


@pytest.fixture(scope="module")
def metadata():
    with metadata_tables():
        yield


@pytest.fixture
def have(metadata, dags):
    """Make a run of a DAG with some tasks, each ``(state, seconds ago that it started, seconds ago that it ended)``."""

    def make(dag_id, run_id, state="running", run_type=DagRunType.MANUAL, started=3600, **tasks):
        now = datetime.now(timezone.utc)

        def ago(seconds):
            return None if seconds is None else now - timedelta(seconds=seconds)

        with create_session() as session:
            run = DagRun(dag_id, run_id, execution_date=DAY, start_date=ago(started), run_type=run_type, state=state)
            session.add(run)
            session.flush()
            for task_id, (task_state, start, end) in tasks.items():
                ti = TaskInstance(dags.dags[dag_id].get_task(task_id), run_id=run_id, state=task_state)
                ti.start_date, ti.end_date = ago(start), ago(end)
                session.add(ti)

    yield make
    with create_session() as session:
        session.query(TaskInstance).delete()
        session.query(DagRun).delete()


@pytest.mark.parametrize(
    ("run_state", "gate", "waits"),
    [
        ("running", "success", True),
        ("success", "success", False),
        ("failed", "success", False),
        ("queued", "success", False),
        ("running", "deferred", False),  # it waits for the load
        ("running", "queued", False),
        ("running", None, False),
    ],
)
def test_a_load_waits_while_a_warehouse_run_builds(have, dags, run_state, gate, waits):
    have(WAREHOUSE_DAG, "by_hand", run_state, **{GATE: (gate, 60, 50)})
    reason = dags.dags[STAGING_DAG].get_task(FIRST).waits_for()
    assert reason == ("the run by_hand of bikes_store_warehouse builds from the staging area" if waits else None)


def test_a_load_waits_until_a_gate_that_starts_in_the_same_moment_has_decided(have):
    have(WAREHOUSE_DAG, "by_hand", **{GATE: ("running", 1, None)})

    def decide():
        with create_session() as session:
            session.query(TaskInstance).update({"state": "success"})

    timer = threading.Timer(0.7, decide)
    timer.start()
    assert turns.run_that_builds() == "by_hand"
    timer.join()


@pytest.mark.parametrize(
    ("run_state", "loads", "waits"),
    [
        ("running", {FIRST: ("running", 5, None), SECOND: (None, None, None)}, True),
        ("running", {FIRST: ("success", 9, 5), SECOND: ("scheduled", None, None)}, True),
        ("running", {FIRST: ("success", 9, 5), SECOND: ("up_for_retry", 5, 4)}, True),
        ("running", {FIRST: ("success", 9, 5), SECOND: (None, None, None)}, True),  # between two loads
        ("running", {FIRST: (None, None, None), SECOND: (None, None, None)}, False),  # it extracts
        ("running", {FIRST: ("success", 9, 5), SECOND: ("success", 5, 1)}, False),
        ("running", {FIRST: ("failed", 9, 5), SECOND: ("upstream_failed", 5, 5)}, False),
        ("running", {FIRST: ("success", 900, 600), SECOND: (None, None, None)}, False),  # its DAG is paused
        ("failed", {FIRST: ("success", 9, 5), SECOND: ("running", 5, None)}, False),
    ],
)
def test_a_warehouse_run_begins_before_or_after_the_loads_of_a_staging_run(have, dags, run_state, loads, waits):
    have(STAGING_DAG, "daily", run_state, **loads)
    reason = dags.dags[WAREHOUSE_DAG].get_task(GATE).waits_for()
    assert reason == ("the run daily of bikes_store_staging is loading the staging area" if waits else None)


def test_a_task_that_waits_takes_no_slot_and_says_for_what(have, dags, caplog):
    have(WAREHOUSE_DAG, "by_hand", **{GATE: ("success", 60, 50)})
    load = dags.dags[STAGING_DAG].get_task(FIRST)
    with caplog.at_level("INFO"), pytest.raises(TaskDeferred) as wait:
        load.pre_execute({})
    assert "the run by_hand of bikes_store_warehouse builds from the staging area" in caplog.text
    assert hasattr(load, wait.value.method_name)


def test_a_wait_that_takes_too_long_fails_once_with_a_sentence(have, dags):
    """Airflow resumes the task with this method when the task's execution_timeout has passed."""
    have(WAREHOUSE_DAG, "by_hand", **{GATE: ("success", 60, 50)})
    load = dags.dags[STAGING_DAG].get_task(FIRST)
    with pytest.raises(AirflowFailException, match=r"Gave up after 2:00:00: the run by_hand of bikes_store_warehouse"):
        load.resume_execution("__fail__", {"error": "Trigger/execution timeout"}, {})


@pytest.mark.parametrize(
    ("load", "refused"),
    [
        (("success", 700, 650), False),  # before the gate
        (("success", 300, 290), True),
        (("failed", 300, 290), False),  # it wrote nothing
        (("deferred", 300, None), False),
    ],
)
def test_a_model_cleared_after_later_loads_is_refused(have, load, refused):
    have(WAREHOUSE_DAG, "daily", started=10, **{GATE: ("success", 610, 600), MODEL: ("running", 1, None)})
    have(STAGING_DAG, "next_day", "success", **{LAST: load})
    if refused:
        with pytest.raises(AirflowFailException, match=f"changed since this run began .{LAST} of next_day.: clear the"):
            tasks.prepare_dbt({"run_id": "daily"})
    else:
        turns.check_one_state("daily")


def test_a_model_cleared_while_a_load_writes_is_refused(have):
    have(WAREHOUSE_DAG, "daily", started=10, **{GATE: ("success", 610, 600), MODEL: ("running", 1, None)})
    have(STAGING_DAG, "next_day", **{LAST: ("running", 30, None)})
    with pytest.raises(AirflowFailException, match="clear the whole run"):
        tasks.prepare_dbt({"run_id": "daily"})


def test_the_scheduler_starts_the_warehouse_run_of_a_backfill(have, dags):
    """DagRunType.from_run_id reads the type from the name, and the scheduler leaves the runs of a backfill alone."""
    trigger = dags.dags[STAGING_DAG].get_task("trigger_bikes_store_warehouse")
    names = {}
    for run_id in ("backfill__2024-09-01T00:00:00+00:00", "scheduled__2024-09-01T00:00:00+00:00", "my_own"):
        names[run_id] = trigger.render_template(trigger.trigger_run_id, {"run_id": run_id})
    assert DagRunType.BACKFILL_JOB not in {DagRunType.from_run_id(name) for name in names.values()}
    assert names["scheduled__2024-09-01T00:00:00+00:00"] == "scheduled__2024-09-01T00:00:00+00:00"
    assert names["my_own"] == "my_own"


def test_a_warehouse_run_that_an_older_release_made_in_a_backfill_is_started_too(have):
    have(WAREHOUSE_DAG, "backfill__2024-09-01", "queued", DagRunType.BACKFILL_JOB)
    turns.hand_over_to_scheduler(DAY)
    with create_session() as session:
        assert session.query(DagRun.run_type).all() == [(DagRunType.MANUAL,)]
