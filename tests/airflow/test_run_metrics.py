"""airflow/plugins/run_metrics.py: the metrics of a run that has ended."""

from __future__ import annotations

import importlib
from datetime import datetime, timedelta, timezone
from types import SimpleNamespace

import pytest
from airflow import DAG
from airflow.models import DagRun
from airflow.operators.empty import EmptyOperator
from airflow.utils.task_group import TaskGroup

from cli.paths import REPOSITORY

START = datetime(2024, 9, 1, tzinfo=timezone.utc)


@pytest.fixture(scope="module")
def run_metrics():
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(REPOSITORY / "airflow" / "plugins")
        yield importlib.import_module("run_metrics")


@pytest.fixture
def sent(run_metrics, monkeypatch):
    gauges: dict[str, float] = {}
    monkeypatch.setattr(run_metrics.Stats, "gauge", gauges.__setitem__)
    return gauges


def ended(task_id, start=None, end=None, state="success"):
    """A task that ran between these seconds after START."""
    moments = [None if second is None else START + timedelta(seconds=second) for second in (start, end)]
    return SimpleNamespace(task_id=task_id, state=state, start_date=moments[0], end_date=moments[1])


def dag_run(*tasks):
    with DAG("shop", start_date=START, schedule=None) as dag:
        EmptyOperator(task_id="first")
        with TaskGroup("load"), TaskGroup("db"):
            EmptyOperator(task_id="one")
            EmptyOperator(task_id="sales.two")
        with TaskGroup("other"):
            EmptyOperator(task_id="three")

    def get_task_instances(**session):
        assert session in ({}, {"session": "of the scheduler"})  # Airflow takes None as it is, and fails
        return list(tasks)

    return SimpleNamespace(dag_id="shop", get_dag=lambda: dag, get_task_instances=get_task_instances)


@pytest.mark.parametrize("session", ["of the scheduler", None])
def test_a_group_lasts_from_its_first_start_to_its_last_end(run_metrics, sent, monkeypatch, session):
    """Airflow's own backfill ends a run that belongs to no session."""
    monkeypatch.setattr(run_metrics, "object_session", lambda run: session)
    run = dag_run(
        ended("first", 0, 90),
        ended("load.db.sales.two", 20, 35.5),
        ended("load.db.one", 10, 30),
        ended("other.three", 5, 5, state="skipped"),
    )
    run_metrics.on_dag_run_success(dag_run=run, msg="")
    assert sent == {
        "dagrun.running_since.shop": 0,
        "dagrun.last_failed.shop": 0,
        "dagrun.group_duration.shop.load.db": 25.5,
    }


def test_a_task_that_never_ran_has_no_times(run_metrics, sent, monkeypatch):
    monkeypatch.setattr(run_metrics, "object_session", lambda run: None)
    run = dag_run(ended("load.db.one", 10, 30, state="failed"), ended("other.three", state="upstream_failed"))
    run_metrics.on_dag_run_failed(dag_run=run, msg="")
    assert sent == {
        "dagrun.running_since.shop": 0,
        "dagrun.last_failed.shop": 1,
        "dagrun.group_duration.shop.load.db": 20,
    }


def test_the_scheduler_is_never_stopped(run_metrics, sent, caplog):
    """An error that a listener raises goes to the scheduler's loop."""
    run_metrics.on_dag_run_success(dag_run=SimpleNamespace(dag_id="shop"), msg="")
    assert sent == {"dagrun.running_since.shop": 0}
    assert "could not be sent" in caplog.text


def test_a_run_that_starts_tells_since_when_it_runs(run_metrics, sent, monkeypatch):
    monkeypatch.setattr(run_metrics.time, "time", lambda: 1725148800.0)
    run_metrics.on_dag_run_running(dag_run=SimpleNamespace(dag_id="shop"), msg="")
    assert sent == {"dagrun.running_since.shop": 1725148800.0}


def test_a_run_without_tasks_fails(run_metrics, sent, monkeypatch):
    """As Airflow itself decides it, for a day before the DAG's first day; somebody may trigger one in the UI."""
    with DAG("shop", start_date=START, schedule=None) as dag:
        EmptyOperator(task_id="first")
    monkeypatch.setattr(run_metrics, "object_session", lambda run: None)
    run = DagRun("shop", "manual__early", execution_date=START - timedelta(days=1), state="running")
    run.dag = dag
    monkeypatch.setattr(run, "get_task_instances", lambda **_: [])
    monkeypatch.setattr(run, "notify_dagrun_state_changed", lambda msg: run_metrics.on_dag_run_success(run, msg))
    session = SimpleNamespace(flush=lambda: None, merge=lambda run: None, refresh=lambda run: None)
    decision = SimpleNamespace(tis=[], schedulable_tis=[], changed_tis=False, unfinished_tis=[], finished_tis=[])
    monkeypatch.setattr(run, "task_instance_scheduling_decisions", lambda session: decision)
    run.update_state(session=session)
    assert run.state == "failed"
    assert sent["dagrun.last_failed.shop"] == 1
