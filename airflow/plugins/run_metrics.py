"""How a DAG's last run went, as gauges: Airflow itself only counts runs, and times single tasks.

The scheduler calls the two hooks inside its loop whenever a run ends, of whatever DAG, so they read what it already has
and never raise. https://airflow.apache.org/docs/apache-airflow/2.10.2/administration-and-deployment/listeners.html
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterable
from datetime import datetime
from typing import Any, ClassVar

from airflow.listeners import hookimpl
from airflow.models.dagrun import DagRun
from airflow.plugins_manager import AirflowPlugin
from airflow.stats import Stats
from airflow.utils.state import TaskInstanceState
from sqlalchemy.orm import object_session

log = logging.getLogger(__name__)


@hookimpl
def on_dag_run_success(dag_run: DagRun, msg: str) -> None:
    _report(dag_run, failed=False)


@hookimpl
def on_dag_run_failed(dag_run: DagRun, msg: str) -> None:
    _report(dag_run, failed=True)


def group_seconds(task_instances: Iterable[Any], group_of: dict[str, str | None]) -> dict[str, float]:
    """Seconds from the first start to the last end in each task group; skipped tasks and those outside any don't count.

    :param group_of: ids of tasks => id of the group that each is in.
    """
    spans: dict[str, tuple[datetime, datetime]] = {}
    for ti in task_instances:
        group = group_of.get(ti.task_id)
        if group and ti.start_date and ti.end_date and ti.state != TaskInstanceState.SKIPPED:
            start, end = spans.get(group, (ti.start_date, ti.end_date))
            spans[group] = min(start, ti.start_date), max(end, ti.end_date)
    return {group: (end - start).total_seconds() for group, (start, end) in spans.items()}


def _report(dag_run: DagRun, failed: bool) -> None:
    try:
        Stats.gauge(f"dagrun.last_failed.{dag_run.dag_id}", int(failed))
        group_of = {task.task_id: task.task_group.group_id for task in dag_run.get_dag().tasks if task.task_group}
        # The scheduler's own session: one of our own would commit in the middle of its transaction.
        task_instances = dag_run.get_task_instances(session=object_session(dag_run))
        for group, seconds in group_seconds(task_instances, group_of).items():
            Stats.gauge(f"dagrun.group_duration.{dag_run.dag_id}.{group}", seconds)
    except Exception:
        log.exception("Metrics of %s could not be told.", dag_run)


class RunMetrics(AirflowPlugin):
    name = "run_metrics"
    listeners: ClassVar = [sys.modules[__name__]]
