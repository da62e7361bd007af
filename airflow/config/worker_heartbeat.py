"""The worker's heartbeat as a metric. Airflow has one for the scheduler and the triggerer, but not for a Celery worker.

Celery sends this signal every two seconds, from the loop that takes tasks. A worker that hangs sends none.
https://docs.celeryq.dev/en/stable/userguide/signals.html#heartbeat-sent
"""

from airflow.stats import Stats
from celery.signals import heartbeat_sent
from celery.worker.heartbeat import Heart


@heartbeat_sent.connect
def count_heartbeat(sender: Heart, **_: object) -> None:
    """Count one heartbeat under the host's name. Celery names a worker celery@HOST."""
    host = sender.eventer.hostname.rpartition("@")[2]
    Stats.incr(f"celery.worker_heartbeat.{host}")
