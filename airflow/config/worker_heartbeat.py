"""The worker's heartbeat, as a metric and as a file.

Airflow has a metric for the scheduler and the triggerer, but not for a Celery worker. The file is for Docker's health
check (airflow/is_alive.py).

Celery sends this signal every two seconds, from the loop that takes tasks. A worker that hangs, or that has lost its
broker, sends none.
https://docs.celeryq.dev/en/stable/userguide/signals.html#heartbeat-sent
"""

import os
from pathlib import Path

from airflow.stats import Stats
from celery.signals import heartbeat_sent
from celery.worker.heartbeat import Heart

_FILE = Path(os.environ["AIRFLOW_HOME"]) / "worker-heartbeat"


@heartbeat_sent.connect
def count_heartbeat(sender: Heart, **_: object) -> None:
    """Count one heartbeat under the host's name. Celery names a worker celery@HOST."""
    host = sender.eventer.hostname.rpartition("@")[2]
    Stats.incr(f"celery.worker_heartbeat.{host}")


@heartbeat_sent.connect
def touch_file(**_: object) -> None:
    """Say when the last heartbeat was."""
    _FILE.touch()
