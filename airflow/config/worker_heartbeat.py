"""The worker's heartbeat, as a metric: Airflow has one of the scheduler and of the triggerer, but of no Celery worker.

Celery gives its signal from the loop that takes tasks, every two seconds; a worker that hangs gives none.
https://docs.celeryq.dev/en/stable/userguide/signals.html#heartbeat-sent
"""

from airflow.stats import Stats
from celery.signals import heartbeat_sent
from celery.worker.heartbeat import Heart


@heartbeat_sent.connect
def count_heartbeat(sender: Heart, **_: object) -> None:
    """Count one under the host's name: Celery's own for a worker is celery@HOST."""
    host = sender.eventer.hostname.rpartition("@")[2]
    Stats.incr(f"celery.worker_heartbeat.{host}")
