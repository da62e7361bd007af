"""airflow/config/airflow_local_settings.py: a task keeps one connection to the database; no log has a secret."""

from __future__ import annotations

import os
import subprocess
import sys

from cli.paths import REPOSITORY
from cli.secrets import new_fernet_key, new_password

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


_PRINTS = """
import logging
from airflow import settings
from airflow.configuration import conf

settings.MASK_SECRETS_IN_LOGS = True  # as a process does that runs a task
log = logging.getLogger("airflow.task")
log.addHandler(logging.StreamHandler())
for section, key in conf.sensitive_config_values:
    log.error("%s: %s", key, conf.get(section, key, fallback=None))
"""


def test_a_task_that_logs_the_configuration_logs_no_secret(tmp_path):
    """CVE-2024-45784: Airflow masked the secrets of connections, but not those of its own configuration."""
    (tmp_path / "config").symlink_to(REPOSITORY / "airflow" / "config")
    secrets = {
        "AIRFLOW__CORE__FERNET_KEY": new_fernet_key(),
        "AIRFLOW__WEBSERVER__SECRET_KEY": new_password(),
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"postgresql://airflow:{new_password()}@127.0.0.1/airflow",
        "AIRFLOW__CELERY__BROKER_URL": f"redis://:{new_password()}@127.0.0.1:6379/0",
        "AIRFLOW__CELERY__RESULT_BACKEND": f"db+postgresql://airflow:{new_password()}@127.0.0.1/airflow",
    }
    done = subprocess.run(
        [sys.executable, "-c", _PRINTS],
        env={**os.environ, "AIRFLOW_HOME": str(tmp_path), **secrets},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    said = done.stdout + done.stderr
    assert "fernet_key: ***" in said, said
    assert [name for name, value in secrets.items() if value in said] == []
