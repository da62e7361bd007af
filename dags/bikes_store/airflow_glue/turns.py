"""Loads and warehouse runs take turns, so a warehouse run sees one state of the staging area from start to end.

Both DAGs write or read the staging area, and people start, clear and backfill runs as they like. So each task looks at
the states of the other DAG's tasks, which Airflow keeps, and waits:

- the first task of a warehouse run (the gate), until no staging run is in the middle of its loads;
- a load, until no warehouse run builds. A run builds from when its gate has succeeded until the run ends.

A task's state ``running`` is in the metadata database before the task looks. So of a gate and a load that start in the
same moment, at least one sees the other. If both do, the gate gives way: the load waits until the gate has decided.
A warehouse run that has passed its gate waits for nobody, and so no two runs wait for each other.
"""

from __future__ import annotations

import time
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from airflow.models.dagrun import DagRun
from airflow.models.taskinstance import TaskInstance
from airflow.utils import timezone
from airflow.utils.session import NEW_SESSION, provide_session
from airflow.utils.state import DagRunState, TaskInstanceState
from airflow.utils.types import DagRunType
from sqlalchemy import and_, or_, select

from bikes_store.errors import Refused

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

STAGING_DAG = "bikes_store_staging"
WAREHOUSE_DAG = "bikes_store_warehouse"
GATE = "check_is_warehouse_init"
LOADS = "load."

_UNDER_WAY = frozenset(
    {
        TaskInstanceState.SCHEDULED,
        TaskInstanceState.QUEUED,
        TaskInstanceState.RUNNING,
        TaskInstanceState.RESTARTING,
        TaskInstanceState.DEFERRED,
        TaskInstanceState.UP_FOR_RETRY,
        TaskInstanceState.UP_FOR_RESCHEDULE,
    }
)
# From the end of a load to when the next one is taken up. If it is longer, the run stands still: its DAG is paused.
_BETWEEN_LOADS = timedelta(seconds=60)
_SECONDS_TO_DECIDE = 30


def run_that_builds() -> str | None:
    """Id of the warehouse run that builds from the staging area now; None when a load may write."""
    deadline = time.monotonic() + _SECONDS_TO_DECIDE
    while True:
        run_id, gate = _gate_of_running_run()
        if gate == TaskInstanceState.SUCCESS:
            return run_id
        if gate != TaskInstanceState.RUNNING:
            return None
        if time.monotonic() > deadline:  # its process may be dead
            return run_id
        time.sleep(0.5)


@provide_session
def run_that_loads(session: Session = NEW_SESSION) -> str | None:
    """Id of the staging run that is in the middle of its loads; None when a warehouse run may begin."""
    loads: dict[str, list[Any]] = {}
    for run_id, state, end in session.execute(
        select(TaskInstance.run_id, TaskInstance.state, TaskInstance.end_date)
        .join(TaskInstance.dag_run)
        .where(
            TaskInstance.dag_id == STAGING_DAG,
            TaskInstance.task_id.startswith(LOADS),
            DagRun.state == DagRunState.RUNNING,
        )
    ):
        loads.setdefault(run_id, []).append((state, end))
    now = timezone.utcnow()
    for run_id, tasks in loads.items():
        if any(state in _UNDER_WAY for state, _ in tasks):
            return run_id
        is_complete = all(state is not None for state, _ in tasks)
        if not is_complete and any(state is not None and end and now - end < _BETWEEN_LOADS for state, end in tasks):
            return run_id
    return None


@provide_session
def check_one_state(run_id: str, session: Session = NEW_SESSION) -> None:
    """Check that the staging area is as it was when a warehouse run passed its gate.

    It is not when somebody clears single tasks of a run after other loads: the run would mix two states.

    :param run_id: of the warehouse run.
    :raises Refused: when a load has written since, or writes now.
    """
    passed, started = session.execute(
        select(TaskInstance.end_date, DagRun.start_date)
        .join(TaskInstance.dag_run)
        .where(TaskInstance.dag_id == WAREHOUSE_DAG, TaskInstance.task_id == GATE, TaskInstance.run_id == run_id)
    ).one()
    if passed is None:  # the gate was left out by hand
        return
    later = session.execute(
        select(TaskInstance.run_id, TaskInstance.task_id)
        .where(
            TaskInstance.dag_id == STAGING_DAG,
            TaskInstance.task_id.startswith(LOADS),
            or_(
                and_(TaskInstance.state == TaskInstanceState.SUCCESS, TaskInstance.end_date > passed),
                and_(TaskInstance.state == TaskInstanceState.RUNNING, TaskInstance.start_date < started),
            ),
        )
        .limit(1)
    ).one_or_none()
    if later is not None:
        raise Refused(
            f"The staging area has changed since this run began ({later.task_id} of {later.run_id}):"
            " clear the whole run, not single tasks of it."
        )


@provide_session
def hand_over_to_scheduler(logical_date: Any, session: Session = NEW_SESSION) -> None:
    """Have the scheduler start the warehouse run of a date, although a backfill made it.

    The scheduler never starts a run of the type backfill. Older releases of this repository made some.
    """
    run = session.scalar(select(DagRun).where(DagRun.dag_id == WAREHOUSE_DAG, DagRun.execution_date == logical_date))
    if run is not None and run.is_backfill:
        run.run_type = DagRunType.MANUAL


@provide_session
def _gate_of_running_run(session: Session = NEW_SESSION) -> tuple[str | None, str | None]:
    """The warehouse run that has come furthest, and the state of its gate."""
    gates = session.execute(
        select(TaskInstance.run_id, TaskInstance.state)
        .join(TaskInstance.dag_run)
        .where(
            TaskInstance.dag_id == WAREHOUSE_DAG,
            TaskInstance.task_id == GATE,
            TaskInstance.state.in_((TaskInstanceState.SUCCESS, TaskInstanceState.RUNNING)),
            DagRun.state == DagRunState.RUNNING,
        )
    ).all()
    for state in (TaskInstanceState.SUCCESS, TaskInstanceState.RUNNING):
        for run_id, gate in gates:
            if gate == state:
                return run_id, gate
    return None, None
