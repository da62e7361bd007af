"""airflow/is_alive.py: what Docker is told of a scheduler, a triggerer and a worker."""

from __future__ import annotations

import os
import socket
import subprocess
import sys

import pytest

from cli.database import connect
from cli.paths import AIRFLOW


@pytest.fixture(scope="module")
def database(postgres):
    dsn = postgres.create_database("is_alive")
    with connect(dsn) as session, session.cursor() as cursor:
        cursor.execute("CREATE TABLE job (job_type text, hostname text, state text, latest_heartbeat timestamptz)")
    return dsn


def is_alive(name, **environment):
    command = [sys.executable, "-X", "importtime", str(AIRFLOW / "is_alive.py"), name]
    done = subprocess.run(command, env={"PATH": os.environ["PATH"], **environment}, capture_output=True, text=True)
    assert " airflow" not in done.stderr  # importing it is what costs
    return done.returncode == 0


@pytest.mark.parametrize(
    ("job", "alive"),
    [
        (("SchedulerJob", socket.gethostname(), "running", 1), True),
        (("SchedulerJob", socket.gethostname(), "running", 60), False),
        (("SchedulerJob", socket.gethostname(), "failed", 1), False),
        (("SchedulerJob", "another", "running", 1), False),
        # As the setting hostname_callable has it on Kubernetes.
        (("SchedulerJob", socket.gethostbyname(socket.gethostname()), "running", 1), True),
        (("TriggererJob", socket.gethostname(), "running", 1), False),
    ],
)
def test_a_job_is_alive_while_its_host_writes_heartbeats(database, job, alive):
    with connect(database) as session, session.cursor() as cursor:
        cursor.execute("TRUNCATE job")
        cursor.execute("INSERT INTO job VALUES (%s, %s, %s, now() - interval '1 second' * %s)", job)
    url = database.replace("postgresql:", "postgresql+psycopg2:", 1)
    assert is_alive("SchedulerJob", AIRFLOW__DATABASE__SQL_ALCHEMY_CONN=url) is alive


def test_a_worker_is_alive_while_it_sends_heartbeats(tmp_path):
    assert not is_alive("worker", AIRFLOW_HOME=str(tmp_path))
    code = "import worker_heartbeat; worker_heartbeat.touch_file()"
    environment = {**os.environ, "AIRFLOW_HOME": str(tmp_path), "PYTHONPATH": str(AIRFLOW / "config")}
    subprocess.run([sys.executable, "-c", code], env=environment, check=True)
    assert is_alive("worker", AIRFLOW_HOME=str(tmp_path))
    file = tmp_path / "worker-heartbeat"
    os.utime(file, (file.stat().st_atime, file.stat().st_mtime - 60))
    assert not is_alive("worker", AIRFLOW_HOME=str(tmp_path))
