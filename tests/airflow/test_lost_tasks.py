"""Tasks that were queued or running when the broker or Airflow was killed: they go on within seconds."""

from __future__ import annotations

import importlib
import json
import os
import subprocess
import sys
import time
from datetime import datetime, timedelta, timezone

import pytest
from airflow import DAG
from airflow.models import DagModel, DagRun, TaskInstance
from airflow.operators.empty import EmptyOperator
from airflow.utils.session import create_session
from airflow.utils.types import DagRunType

from cli.paths import REPOSITORY
from cli.processes import broker
from tests.support.metadata import metadata_tables

START = datetime(2024, 9, 1, tzinfo=timezone.utc)
AIRFLOW_ENV = REPOSITORY / "airflow" / "airflow.env"
DAG_FILE = REPOSITORY / "dags" / "shop.py"


@pytest.fixture(scope="module")
def metadata():
    with metadata_tables():
        yield


@pytest.fixture
def queued(metadata):
    """Make a task that a scheduler has queued some seconds ago, with this id of Celery."""

    def make(number, state="queued", seconds=60):
        with DAG("shop", start_date=START, schedule=None) as dag:
            task = EmptyOperator(task_id="sell", retries=2)
        with create_session() as session:
            session.add(DagModel(dag_id="shop", fileloc=str(DAG_FILE)))
            run = DagRun("shop", "manual__one", execution_date=START, run_type=DagRunType.MANUAL, state="running")
            session.add(run)
            session.flush()
            ti = TaskInstance(task, run_id=run.run_id, state=state)
            ti.queue, ti.external_executor_id, ti.try_number, ti.max_tries = "default", number, 1, 2
            ti.queued_dttm = datetime.now(timezone.utc) - timedelta(seconds=seconds)
            session.add(ti)
        return dag

    yield make
    with create_session() as session:
        for model in (TaskInstance, DagRun, DagModel):
            session.query(model).delete()


@pytest.fixture
def app(services, monkeypatch):
    """Airflow's Celery, with a broker that is empty."""
    services.need("broker")
    monkeypatch.syspath_prepend(REPOSITORY / "airflow" / "config")  # for celery_settings
    utils = importlib.import_module("airflow.providers.celery.executors.celery_executor_utils")
    monkeypatch.setitem(utils.app.conf, "broker_url", broker.url(services.settings))
    monkeypatch.setitem(utils.app.conf, "broker_write_url", broker.url(services.settings))
    return utils.app


@pytest.fixture
def redis(app):
    with app.connection_for_write() as connection:
        client = connection.default_channel.client
        client.flushdb()
        yield client
        client.flushdb()


@pytest.fixture
def lost_tasks(redis, monkeypatch):
    """The module that a worker imports."""
    module = importlib.import_module("worker_lost_tasks")
    monkeypatch.setattr(module, "_missed", set())
    monkeypatch.setattr(module, "_SECONDS_FOR_AN_ANSWER", 0.2)
    return module


def message(number):
    return json.dumps({"headers": {"id": number}, "properties": {"delivery_tag": f"tag of {number}"}})


def ids(redis):
    return [json.loads(text)["headers"]["id"] for text in redis.lrange("default", 0, -1)]


def test_a_message_that_the_broker_forgot_is_sent_again_with_its_id(queued, lost_tasks, redis):
    queued("abc")
    assert lost_tasks.look() == []  # it might be on its way
    assert lost_tasks.look() == ["abc"]
    assert ids(redis) == ["abc"]
    assert lost_tasks.look() == lost_tasks.look() == []
    assert ids(redis) == ["abc"]


def test_what_is_sent_again_is_what_the_scheduler_sends(queued, lost_tasks, monkeypatch):
    from airflow.providers.celery.executors.celery_executor_utils import execute_command

    sent = []
    monkeypatch.setattr(execute_command, "apply_async", lambda **message: sent.append(message))
    queued("abc")
    lost_tasks.look()
    lost_tasks.look()
    command = ["airflow", "tasks", "run", "shop", "sell", "manual__one", "--local", "--subdir", "DAGS_FOLDER/shop.py"]
    assert sent == [{"args": [command], "queue": "default", "task_id": "abc"}]


def test_a_message_that_waits_is_left_alone(queued, lost_tasks, redis):
    queued("abc")
    redis.lpush("default", message("abc"))
    assert lost_tasks.look() == lost_tasks.look() == []
    assert ids(redis) == ["abc"]


def test_a_task_that_was_queued_a_moment_ago_is_left_alone(queued, lost_tasks):
    queued("abc", seconds=1)
    assert lost_tasks.look() == lost_tasks.look() == []


@pytest.mark.parametrize("holder", ["nobody", "this worker", "another worker"])
def test_a_message_that_a_worker_took_is_sent_again_when_the_worker_is_gone(
    queued, lost_tasks, redis, monkeypatch, holder
):
    queued("abc")
    redis.hset("unacked", "tag of abc", json.dumps([json.loads(message("abc")), "", "default"]))
    redis.zadd("unacked_index", {"tag of abc": time.time()})
    if holder == "this worker":
        request = type("Request", (), {"id": "abc"})()
        monkeypatch.setattr(lost_tasks.worker_state, "reserved_requests", {request})
    if holder == "another worker":
        monkeypatch.setattr(lost_tasks, "_held_by_other_workers", lambda app: {"abc"})
    lost_tasks.look()
    assert lost_tasks.look() == (["abc"] if holder == "nobody" else [])
    assert redis.hlen("unacked") == redis.zcard("unacked_index") == (holder != "nobody")


def test_of_two_workers_one_sends_it_again(queued, lost_tasks, redis):
    queued("abc")
    redis.set("sent-again-abc", 1)
    lost_tasks.look()
    lost_tasks.look()
    assert ids(redis) == []


@pytest.mark.parametrize(
    ("state", "ended", "heard", "again"),
    [
        ("restarting", 60, 60, True),
        ("restarting", 1, 1, False),  # its process may be about to say so
        ("restarting", None, 1, False),  # its process still ends
        ("restarting", None, 3600, True),  # its worker was killed
        ("running", 60, 60, False),  # Airflow's own business
    ],
)
def test_a_task_that_ended_as_it_was_cleared_starts_anew(queued, monkeypatch, state, ended, heard, again):
    from airflow.jobs.job import Job

    monkeypatch.syspath_prepend(REPOSITORY / "airflow" / "config")
    now = datetime.now(timezone.utc)
    queued("abc", state)
    with create_session() as session:
        job = Job(job_type="LocalTaskJob", state="success", latest_heartbeat=now - timedelta(seconds=heard))
        job.end_date = ended and now - timedelta(seconds=ended)
        session.add(job)
        session.flush()
        session.query(TaskInstance).update({"job_id": job.id})
    assert len(importlib.import_module("worker_restarts").restart_ended()) == again
    with create_session() as session:
        (ti,) = session.query(TaskInstance)
        assert (ti.state, ti.max_tries) == ((None, 3) if again else (state, 2))
        session.query(Job).delete()


def test_a_fault_does_not_stop_the_worker(lost_tasks, monkeypatch, caplog):
    monkeypatch.setattr(lost_tasks, "look", lambda: 1 / 0)
    restarted = []
    monkeypatch.setattr(lost_tasks.worker_restarts, "restart_ended", lambda: restarted.append("looked"))
    monkeypatch.setattr(lost_tasks, "_last_look", -100.0)
    lost_tasks.look_now_and_then()
    assert "could not look for lost tasks" in caplog.text
    assert restarted == ["looked"]


HEARTBEAT = """
from airflow.providers.celery.executors.celery_executor_utils import app
from celery.signals import heartbeat_sent

app.loader.import_default_modules()
receivers = heartbeat_sent.send(sender=None)
print([receiver.__name__ for receiver, _ in receivers])
"""


def test_a_worker_looks_for_lost_tasks_with_each_heartbeat(metadata):
    """With Celery's settings as airflow.env names them, a worker imports what it needs for that."""
    environment = dict(
        line.split("=", 1) for line in AIRFLOW_ENV.read_text().splitlines() if line.startswith("AIRFLOW__")
    )
    name = "AIRFLOW__CELERY__CELERY_CONFIG_OPTIONS"
    done = subprocess.run(
        [sys.executable, "-c", HEARTBEAT],
        env={**os.environ, name: environment[name], "PYTHONPATH": str(REPOSITORY / "airflow" / "config")},
        capture_output=True,
        text=True,
    )
    assert "'look_now_and_then'" in done.stdout, done.stdout + done.stderr


@pytest.mark.parametrize("state", ["queued", "running"])
def test_the_next_demo_gives_the_tasks_of_the_last_one_back_to_the_scheduler(queued, monkeypatch, state):
    """A scheduler adopts tasks of one that has ended, and then waits for a message that may be lost."""
    from airflow.jobs.job import Job
    from airflow.providers.celery.executors.celery_executor import CeleryExecutor

    monkeypatch.syspath_prepend(REPOSITORY / "airflow")
    queued("abc", state)
    with create_session() as session:
        session.add(Job(job_type="SchedulerJob", state="running"))
    importlib.import_module("prepare").give_back_tasks()
    with create_session() as session:
        assert [job.state for job in session.query(Job)] == ["failed"]
        tis = session.query(TaskInstance).all()
        assert CeleryExecutor().try_adopt_task_instances(tis) == tis  # it takes none of them: they are reset
        assert tis[0].max_tries == 3
        session.query(Job).delete()
