"""Docker's health check of a scheduler, a triggerer or a worker: whether it has sent a heartbeat lately.

    python is_alive.py SchedulerJob|TriggererJob|worker

The first two write it to Airflow's database, a worker to a file (config/worker_heartbeat.py). `airflow jobs check` and
`celery inspect ping` ask the same, but they import all of Airflow: 1.5 s of processor time each time, in each
container. Ends with 0 or 1.
"""

from __future__ import annotations

import os
import socket
import sys
import time
from contextlib import closing
from pathlib import Path

# Airflow's own threshold (scheduler_health_check_threshold); a heartbeat comes each 5 seconds, a worker's each 2.
SECONDS = 30
_JOB = """
SELECT EXISTS (
    SELECT FROM job
    WHERE job_type = %s AND hostname = ANY(%s) AND state = 'running'
        AND latest_heartbeat > now() - interval '1 second' * %s
)
"""


def job_is_alive(job_type: str) -> bool:
    """Whether the job of this host has written a heartbeat, by the database's clock.

    The setting hostname_callable says what Airflow calls the host: its name, or on Kubernetes its address.
    """
    import psycopg2

    host = socket.gethostname()
    names = [host, socket.gethostbyname(host)]
    url = os.environ["AIRFLOW__DATABASE__SQL_ALCHEMY_CONN"].replace("postgresql+psycopg2:", "postgresql:", 1)
    try:
        with closing(psycopg2.connect(url, connect_timeout=10)) as session, session.cursor() as cursor:
            cursor.execute(_JOB, (job_type, names, SECONDS))
            ((alive,),) = cursor.fetchall()
    except psycopg2.Error as error:
        print(error)
        return False
    return bool(alive)


def worker_is_alive() -> bool:
    """Whether the worker of this container has touched its file."""
    file = Path(os.environ["AIRFLOW_HOME"]) / "worker-heartbeat"
    return file.exists() and time.time() - file.stat().st_mtime < SECONDS


if __name__ == "__main__":
    (name,) = sys.argv[1:]
    sys.exit(0 if (worker_is_alive() if name == "worker" else job_is_alive(name)) else 1)
