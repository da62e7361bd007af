"""airflow/config/airflow_local_settings.py: a task keeps one connection to the database, a fork none of it."""

from __future__ import annotations

import os
import subprocess
import sys

from cli.paths import REPOSITORY

_SCRIPT = """
import os
from airflow import settings

def ask():
    with settings.Session() as session:
        return session.execute(settings.sqlalchemy.text("SELECT pg_backend_pid()")).scalar()

import sqlalchemy
settings.sqlalchemy = sqlalchemy
settings.reconfigure_orm(disable_connection_pool=True)  # as a process does that runs a task
mine = ask()
print("kept" if ask() == mine else "opened again", flush=True)
if not os.fork():
    settings.engine.pool.dispose()  # as Airflow does in the fork that runs the task itself
    settings.engine.dispose()
    print("own" if ask() != mine else "shared", flush=True)
    os._exit(0)
os.wait()
print("kept" if ask() == mine else "lost", flush=True)
"""


def test_a_task_keeps_its_connection_and_a_fork_leaves_it_alone(postgres, tmp_path):
    (tmp_path / "config").symlink_to(REPOSITORY / "airflow" / "config")
    environment = {
        "AIRFLOW_HOME": str(tmp_path),
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": postgres.create_database("local_settings"),
    }
    done = subprocess.run(
        [sys.executable, "-c", _SCRIPT], env={**os.environ, **environment}, capture_output=True, text=True
    )
    assert done.stdout.split("\n")[-4:-1] == ["kept", "own", "kept"], done.stdout + done.stderr[-2000:]
