"""psql, Airflow's and dbt's commands on a demo that runs: here its PostgreSQL alone."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from cli import operate
from cli.paths import DBT_PROJECT, REPOSITORY
from cli.processes import databases
from cli.processes import operate as of_processes
from cli.processes.postgres import create_database, create_role

# A process of its own, as the program takes its place.
_RUN = """
import json, sys
from pathlib import Path
from cli.processes import operate
from cli.processes.settings import Settings
operate.DEMO_HOME = Path(sys.argv[1])
operate._running = lambda: Settings(operate.DEMO_HOME, **json.loads((operate.DEMO_HOME / "settings.json").read_text()))
getattr(operate, sys.argv[2])()
"""


@pytest.fixture
def command(services, postgres, tmp_path):
    """Run one of the commands on the tests' PostgreSQL, as a demo would that has its ports and passwords."""
    settings = services.settings
    (tmp_path / "settings.json").write_text(json.dumps({"ports": settings.ports, "secrets": settings.secrets}))

    def run(name, **environment):
        return subprocess.run(
            [sys.executable, "-c", _RUN, str(tmp_path), name],
            env={**os.environ, "PYTHONPATH": f"{REPOSITORY}:{REPOSITORY / 'dags'}", **environment},
            capture_output=True,
            text=True,
        )

    return run


@pytest.fixture
def reporter(services, postgres):
    """The role that people read the warehouse with, and a database of that name."""
    create_role(services.settings, "reporter", services.settings.secrets["reporter_password"])
    create_database(services.settings, "warehouse")


def test_psql_logs_in_as_the_reader_and_its_code_is_ours(command, reporter):
    who = command("psql", ARGS="-X -A -t -c 'SELECT current_user, current_database()'")
    assert (who.returncode, who.stdout) == (0, "reporter|warehouse\n"), who.stderr
    assert command("psql", ARGS="-X -c 'SELEC 1'").returncode == 1
    assert command("psql", ARGS="-X -v ON_ERROR_STOP=1 -f /nowhere").returncode == 1


def test_the_metadata_of_airflow_is_read_only_until_somebody_says_otherwise(command, services, postgres):
    databases.prepare_airflow(services.settings)
    done = command("psql", DB="airflow", ARGS="-X -c 'CREATE TABLE x ()'")
    assert done.returncode == 1 and "read-only transaction" in done.stderr
    done = command("psql", DB="airflow", ARGS="-X -c 'SET default_transaction_read_only = off' -c 'CREATE TABLE x ()'")
    assert done.returncode == 0, done.stderr


def test_dbt_is_dbts_role_on_the_demos_warehouse_and_writes_beside_the_demo(command, services, reporter, tmp_path):
    create_role(services.settings, "dbt", services.settings.secrets["dbt_password"])
    done = command("dbt", ARGS="--quiet show --inline 'select current_user as who' --output json")
    assert (done.returncode, json.loads(done.stdout)["show"]) == (0, [{"who": "dbt"}]), done.stdout + done.stderr
    assert (tmp_path / "dbt" / "by-hand" / "target").is_dir()
    assert not (DBT_PROJECT / "logs").exists()


def test_no_password_is_in_the_arguments(monkeypatch, services):
    started = []
    monkeypatch.setattr(of_processes, "_running", lambda: services.settings)
    monkeypatch.setattr(operate, "become", lambda command, environment, missing: started.append((command, environment)))
    for run in (of_processes.psql, of_processes.airflow_command, of_processes.dbt):
        run()
    assert len(started) == 3
    for command, environment in started:
        assert not [secret for secret in services.settings.secrets.values() if secret in " ".join(command)]
        assert [secret for secret in services.settings.secrets.values() if secret in " ".join(environment.values())]
