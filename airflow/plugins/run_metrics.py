"""Gauges of a DAG's last run: since when does it run, did it fail, and how long did each task group take?

Airflow itself only counts runs and times single tasks. The scheduler calls the hooks inside its loop whenever a run of
any DAG starts or ends. So the hooks read what the scheduler already has, and never raise.

A run without a single task has done nothing, and Airflow calls it a success: the run of a day before the DAG's first
day is one. Here it fails.
https://airflow.apache.org/docs/apache-airflow/2.10.2/administration-and-deployment/listeners.html
"""

from __future__ import annotations

import logging
import sys
import time
from typing import ClassVar

from airflow.listeners import hookimpl
from airflow.models.dagrun import DagRun
from airflow.plugins_manager import AirflowPlugin
from airflow.stats import Stats
from airflow.utils.state import DagRunState
from sqlalchemy.orm import object_session

from bikes_store.spans import TaskSpan, group_seconds

log = logging.getLogger(__name__)


@hookimpl
def on_dag_run_running(dag_run: DagRun, msg: str) -> None:
    _tell_since(dag_run, time.time())


@hookimpl
def on_dag_run_success(dag_run: DagRun, msg: str) -> None:
    _report(dag_run, failed=False)


@hookimpl
def on_dag_run_failed(dag_run: DagRun, msg: str) -> None:
    _report(dag_run, failed=True)


def _report(dag_run: DagRun, failed: bool) -> None:
    _tell_since(dag_run, 0)
    try:
        # The scheduler's own session: another session would commit in the middle of the scheduler's transaction. A
        # backfill has none.
        session = object_session(dag_run)
        task_instances = dag_run.get_task_instances(session=session) if session else dag_run.get_task_instances()
        if not failed and not task_instances:
            log.error("%s has no task to run, so it failed: is its date before the DAG's first day?", dag_run)
            dag_run.set_state(DagRunState.FAILED)
            failed = True
        Stats.gauge(f"dagrun.last_failed.{dag_run.dag_id}", int(failed))
        group_of = {task.task_id: task.task_group.group_id for task in dag_run.get_dag().tasks if task.task_group}
        spans = [
            TaskSpan(group, ti.state, ti.start_date, ti.end_date)
            for ti in task_instances
            if (group := group_of.get(ti.task_id))  # tasks outside a group do not count
        ]
        for group, seconds in group_seconds(spans).items():
            Stats.gauge(f"dagrun.group_duration.{dag_run.dag_id}.{group}", seconds)
    except Exception:
        log.exception("The metrics of %s could not be sent.", dag_run)


def _tell_since(dag_run: DagRun, moment: float) -> None:
    """Tell since when a run runs, in seconds since 1970; 0 when it has ended."""
    try:
        Stats.gauge(f"dagrun.running_since.{dag_run.dag_id}", moment)
    except Exception:
        log.exception("The metrics of %s could not be sent.", dag_run)


class RunMetrics(AirflowPlugin):
    name = "run_metrics"
    listeners: ClassVar = [sys.modules[__name__]]
