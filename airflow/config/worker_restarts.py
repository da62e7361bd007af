"""Start tasks again that ended in the moment in which somebody cleared them.

Whoever clears a task that runs makes it `restarting`: its process is to end, and then to say that the task may be tried
again. A process that has just ended says nothing any more. The task is `restarting` for ever then, and with it its run:
Airflow 2.10.2 looks for processes that are gone only where a task is `running`.
https://github.com/apache/airflow/blob/2.10.2/airflow/jobs/scheduler_job_runner.py (_find_and_purge_zombies)

worker_lost_tasks.py calls it every few seconds.
"""

from __future__ import annotations

import logging
from datetime import timedelta

from airflow.configuration import conf
from airflow.jobs.job import Job
from airflow.models.taskinstance import TaskInstance
from airflow.utils import timezone
from airflow.utils.session import create_session
from airflow.utils.state import TaskInstanceState
from sqlalchemy import or_, select

log = logging.getLogger(__name__)

# Longer than a process that was told to end may need to say so.
_ENOUGH = timedelta(seconds=20)


def restart_ended() -> list[str]:
    """Let each task that is `restarting` and whose process is gone start anew; returns their names.

    A process is gone that has said so, or that has sent no heartbeat for as long as makes Airflow give up others.

    Of two workers that find the same one, the second waits for the lock, and then finds nothing.
    """
    now = timezone.utcnow()
    unheard = timedelta(seconds=conf.getint("scheduler", "scheduler_zombie_task_threshold"))
    with create_session() as session:
        found = session.scalars(
            select(TaskInstance)
            .join(Job, TaskInstance.job_id == Job.id)
            .where(
                TaskInstance.state == TaskInstanceState.RESTARTING,
                or_(Job.end_date < now - _ENOUGH, Job.latest_heartbeat < now - unheard),
            )
            .with_for_update(of=TaskInstance)
        ).all()
        for ti in found:
            log.warning("%s was cleared as it ended: it is started again.", ti)
            ti.state = None
            ti.external_executor_id = None
            ti.max_tries += 1  # as when a task is cleared: the try that is lost does not count
        return [str(ti) for ti in found]
