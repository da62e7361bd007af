"""Locks and statements that hang: a task ends in time, says why, and leaves no session in PostgreSQL."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from contextlib import closing

import psycopg2
import pytest
from airflow.exceptions import AirflowFailException
from airflow.utils.timeout import timeout

from bikes_store.airflow_glue import connections, tasks
from bikes_store.database import transaction
from bikes_store.errors import Unavailable
from cli.database import query
from cli.paths import REPOSITORY
from tests.dags.test_tasks import context
from tests.support.waiting import wait_for

LOCK_TIMEOUT = "AIRFLOW_VAR_BIKES_STORE_LOCK_TIMEOUT"
STATEMENT_TIMEOUT = "AIRFLOW_VAR_BIKES_STORE_STATEMENT_TIMEOUT"
HANGS = "SELECT pg_sleep(60)"


def others(dsn):
    """Sessions of our own that are left on the database of a DSN."""
    return query(
        dsn,
        "SELECT pid, state, query FROM pg_stat_activity"
        " WHERE datname = current_database() AND pid <> pg_backend_pid() AND application_name <> 'somebody'",
    )


def wait_until_gone(dsn, seconds):
    deadline = time.monotonic() + seconds
    while left := others(dsn):
        assert time.monotonic() < deadline, left
        time.sleep(0.2)


@pytest.fixture
def locked(databases):
    """Somebody has left LOCK TABLE open in the source and in the staging area."""
    sessions = [psycopg2.connect(dsn, application_name="somebody") for dsn in databases]
    for session, table in zip(sessions, ("purchasing.shipmethod", "bikes_store_staging.shipmethod"), strict=True):
        session.cursor().execute(f"LOCK TABLE {table}")
    yield
    for session in sessions:
        session.close()


def test_a_lock_in_the_source_fails_the_extract_in_seconds_and_is_named(airflow_environment, databases, locked):
    airflow_environment.setenv(LOCK_TIMEOUT, "1")
    began = time.monotonic()
    with pytest.raises(Unavailable) as failure:
        tasks.extract_database_table("shipmethod", **context("locked"))
    assert time.monotonic() - began < 5
    assert str(failure.value).startswith(
        "purchasing.shipmethod is locked in the source (AccessExclusiveLock of process "
    )
    assert "user postgres, application somebody): end that session or wait for its end" in str(failure.value)
    wait_until_gone(databases[0], 5)


def test_a_lock_in_the_staging_area_fails_the_load_in_seconds_and_is_named(airflow_environment, databases, request):
    tasks.extract_database_table("shipmethod", **context("load locked"))
    request.getfixturevalue("locked")
    airflow_environment.setenv(LOCK_TIMEOUT, "1")
    with pytest.raises(Unavailable, match=r"bikes_store_staging\.shipmethod is locked in the warehouse"):
        tasks.load_database_table("shipmethod", **context("load locked"))
    wait_until_gone(databases[1], 5)


def test_a_statement_that_hangs_is_ended(airflow_environment, databases):
    airflow_environment.setenv(STATEMENT_TIMEOUT, "1")
    with (
        closing(connections.connect(connections.SOURCE)) as source,
        pytest.raises(Unavailable, match=r"The source ended a statement that took too long.*due to statement timeout"),
        transaction(source, "source") as cursor,
    ):
        cursor.execute(HANGS)
    wait_until_gone(databases[0], 5)


@pytest.mark.parametrize("statement", [HANGS, f"COPY ({HANGS}) TO STDOUT"])
def test_execution_timeout_cancels_the_statement(airflow_environment, databases, statement, tmp_path):
    """Airflow's alarm alone is heard when psycopg2 returns, and it returns when the statement has ended."""
    began = time.monotonic()
    with (
        pytest.raises(BaseException, match="Timeout"),
        timeout(1),
        closing(connections.connect(connections.SOURCE)) as source,
        transaction(source, "source") as cursor,
        (tmp_path / "rows").open("wb") as stream,
    ):
        if statement == HANGS:
            cursor.execute(statement)
        else:
            cursor.copy_expert(statement, stream)
    assert time.monotonic() - began < 5
    wait_until_gone(databases[0], 3)


def test_sigterm_cancels_the_statement(airflow_environment, databases):
    class Stopped(BaseException):
        """What Airflow's handler raises in a task that is marked failed or cleared."""

    def stop(*_: object) -> None:
        raise Stopped

    before = signal.signal(signal.SIGTERM, stop)
    timer = threading.Timer(0.5, os.kill, (os.getpid(), signal.SIGTERM))
    timer.start()
    began = time.monotonic()
    try:
        with (
            pytest.raises(Stopped),
            closing(connections.connect(connections.SOURCE)) as source,
            transaction(source, "source") as cursor,
        ):
            cursor.execute(HANGS)
    finally:
        timer.join()
        signal.signal(signal.SIGTERM, before)
    assert time.monotonic() - began < 5
    wait_until_gone(databases[0], 3)


def test_a_task_that_is_killed_leaves_no_session(airflow_environment, databases):
    """Nothing of the task can cancel the statement then, so the server looks after its clients."""
    script = (
        "from bikes_store.airflow_glue import connections\n"
        "session = connections.connect(connections.SOURCE)\n"
        f"session.cursor().execute({HANGS!r})\n"
    )
    task = subprocess.Popen([sys.executable, "-c", script], env={**os.environ, "PYTHONPATH": str(REPOSITORY / "dags")})
    wait_for(lambda: any(text == HANGS for _, _, text in others(databases[0])), task, 60)
    task.kill()
    task.wait()
    wait_until_gone(databases[0], 15)


@pytest.mark.parametrize("variable", [LOCK_TIMEOUT, STATEMENT_TIMEOUT])
@pytest.mark.parametrize("value", ["soon", "0", "-1", "1.5", ""])
def test_a_wrong_timeout_is_refused_with_a_sentence(airflow_environment, variable, value):
    airflow_environment.setenv(variable, value)
    name = variable.removeprefix("AIRFLOW_VAR_")
    with pytest.raises(
        AirflowFailException, match=f"Variable {name} must be a whole number of seconds from 1 to 2,147,483"
    ):
        tasks.extract_database_table("shipmethod", **context("r"))


def test_every_session_has_timeouts(airflow_environment, databases):
    airflow_environment.delenv(LOCK_TIMEOUT)
    airflow_environment.delenv(STATEMENT_TIMEOUT)
    names = ("statement_timeout", "lock_timeout", "client_connection_check_interval")
    for connection_id in (connections.SOURCE, connections.STAGING, connections.WAREHOUSE):
        with closing(connections.connect(connection_id)) as session, session.cursor() as cursor:
            cursor.execute("SELECT " + ", ".join(f"current_setting('{name}')" for name in names))
            assert cursor.fetchall() == [("1h", "1min", "5s")]
            assert {"connect_timeout", "keepalives_idle", "tcp_user_timeout"} <= set(session.get_dsn_parameters())


def test_dbts_sessions_have_the_same_timeouts(dags, postgres, monkeypatch):
    """dbt opens its sessions by libpq, which reads PGOPTIONS. Airflow fills the template in when a task runs."""
    dag = dags.dags["bikes_store_warehouse"]
    (template,) = {task.env["PGOPTIONS"] for task in dag.tasks if hasattr(task, "env")}
    monkeypatch.setenv(LOCK_TIMEOUT, " '7' ")
    task = dag.get_task("warehouse.fact_order_run")
    monkeypatch.setenv("PGOPTIONS", task.render_template(template, {}))
    lock = query(postgres.dsn(), "SELECT current_setting('lock_timeout'), current_setting('statement_timeout')")
    assert lock == [("7s", "1h")]
    monkeypatch.setenv(LOCK_TIMEOUT, "soon")
    with pytest.raises(AirflowFailException, match="LOCK_TIMEOUT must be a whole number of seconds from 1"):
        task.render_template(template, {})


RUN_DBT = """
import sys
from airflow.utils.timeout import timeout
from bikes_store.database import cancel_on_signals
from bikes_store.dbt_sessions import open_sessions
from dbt.cli.main import dbtRunner

cancel_on_signals(open_sessions)
with timeout(100):
    dbtRunner().invoke(["run", f"--project-dir={sys.argv[1]}", f"--profiles-dir={sys.argv[1]}", "--quiet"])
"""


def test_execution_timeout_cancels_dbts_statements(databases, tmp_path):
    """dbt waits for the end of its statements, whatever stops it."""
    dsn = databases[1]
    target = psycopg2.extensions.parse_dsn(dsn)
    output = {**target, "port": int(target["port"]), "type": "postgres", "schema": "public", "threads": 2}
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / "hangs.sql").write_text(f"{{{{ config(materialized='table') }}}} {HANGS}::text AS hung")
    (tmp_path / "dbt_project.yml").write_text(json.dumps({"name": "p", "profile": "p", "version": "1.0"}))
    (tmp_path / "profiles.yml").write_text(json.dumps({"p": {"target": "t", "outputs": {"t": output}}}))
    task = subprocess.Popen(
        [sys.executable, "-c", RUN_DBT, str(tmp_path)],
        env={**os.environ, "PYTHONPATH": str(REPOSITORY / "dags")},
        cwd=tmp_path,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        wait_for(lambda: any(state == "active" and "pg_sleep" in text for _, state, text in others(dsn)), task, 60)
        task.send_signal(signal.SIGALRM)  # as Airflow's timer does
        task.wait(20)
    finally:
        task.kill()
    wait_until_gone(dsn, 5)
