"""Send tasks again whose messages the broker has lost.

A task that is queued has a message in the broker, or a worker holds it. A broker that was emptied has none, and a
worker that was killed holds none: the task would be queued until Airflow gives it up, after ten minutes or more. So
each worker looks after queued tasks every few seconds. It finds nothing to do as long as nothing was lost.

The message is sent again under the same id, so neither the scheduler nor the task's tries see a difference. Should the
first message turn up after all, the task runs once: Airflow refuses to start a task that is not queued.

Celery sends this signal every two seconds, from the loop that takes tasks. The worker finds this module by
celery_settings.py. https://docs.celeryq.dev/en/stable/userguide/signals.html#heartbeat-sent
"""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Iterable
from datetime import timedelta
from typing import Any

import worker_restarts
from airflow.models.taskinstance import TaskInstance
from airflow.utils import timezone
from airflow.utils.session import create_session
from airflow.utils.state import TaskInstanceState
from celery.signals import heartbeat_sent
from celery.worker import state as worker_state
from sqlalchemy import select

log = logging.getLogger(__name__)

_SECONDS_BETWEEN_LOOKS = 5
# From when the scheduler calls a task queued to when its message is in the broker.
_ON_ITS_WAY = timedelta(seconds=10)
_SECONDS_FOR_AN_ANSWER = 1

_last_look = 0.0
_missed: set[str] = set()  # messages that the last look did not find


@heartbeat_sent.connect
def look_now_and_then(**_: object) -> None:
    """Look, unless that was done a moment ago. A fault is logged: the worker goes on."""
    global _last_look
    if time.monotonic() - _last_look < _SECONDS_BETWEEN_LOOKS:
        return
    _last_look = time.monotonic()
    for step in (look, worker_restarts.restart_ended):
        try:
            step()
        except Exception:
            log.exception("The worker could not look for lost tasks.")


def look() -> list[str]:
    """Send each message again that two looks in a row have not found; returns their ids.

    One look alone might come while a message is between the queue and a worker.
    """
    global _missed
    with create_session() as session:
        queued = {
            ti.external_executor_id: (ti.command_as_list(local=True), ti.queue, str(ti))
            for ti in session.scalars(
                select(TaskInstance).where(
                    TaskInstance.state == TaskInstanceState.QUEUED,
                    TaskInstance.external_executor_id.is_not(None),
                    TaskInstance.queued_dttm < timezone.utcnow() - _ON_ITS_WAY,
                )
            )
        }
    if not queued:
        _missed = set()
        return []
    from airflow.providers.celery.executors.celery_executor_utils import app, execute_command

    with app.connection_for_write() as connection:
        channel = connection.default_channel
        redis = channel.client
        # In this order, in which a message goes its way.
        waiting = {
            _id(text) for queue in {queue for _, queue, _ in queued.values()} for text in redis.lrange(queue, 0, -1)
        }
        taken = {_id(text): tag for tag, text in redis.hgetall(channel.unacked_key).items()}
        missing = queued.keys() - waiting - {request.id for request in worker_state.reserved_requests}
        if missing & taken.keys():
            missing -= _held_by_other_workers(app)
        lost = sorted(missing & _missed)
        for number in lost:
            command, queue, name = queued[number]
            if not redis.set(f"sent-again-{number}", 1, nx=True, ex=60):  # another worker was quicker
                continue
            log.warning("The broker has lost the message of %s: it is sent again.", name)
            if number in taken:  # by a worker that is gone
                redis.hdel(channel.unacked_key, taken[number])
                redis.zrem(channel.unacked_index_key, taken[number])
            execute_command.apply_async(args=[command], queue=queue, task_id=number)
    _missed = missing - set(lost)
    return lost


def _held_by_other_workers(app: Any) -> set[str]:
    inspect = app.control.inspect(timeout=_SECONDS_FOR_AN_ANSWER)
    answers: Iterable[dict[str, list[dict[str, Any]]] | None] = (inspect.active(), inspect.reserved())
    return {request["id"] for answer in answers for held in (answer or {}).values() for request in held}


def _id(text: bytes | str) -> str:
    """The id of a message, as kombu keeps it in a queue, or in the list of those that a worker took."""
    message = json.loads(text)
    return str((message[0] if isinstance(message, list) else message)["headers"]["id"])
