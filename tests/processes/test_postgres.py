"""The demo's PostgreSQL cluster and the folder with its password: each is useless without the other."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from contextlib import closing

import psycopg2
import pytest
from psycopg2.extras import wait_select

from cli.database import query
from cli.endpoints import Endpoints
from cli.processes import platform, postgres
from cli.processes.postgres_programs import find_binaries
from cli.processes.settings import Settings, generate_secrets
from cli.processes.supervisor import Supervisor
from tests.support.ports import free_ports


@pytest.fixture
def home(tmp_path):
    made = tmp_path / "demo"
    made.mkdir()
    yield made
    platform.remove(made)


def make_cluster(home):
    settings = Settings(home, free_ports(), generate_secrets())
    assert postgres.create_cluster(settings)
    return settings


def test_a_cluster_whose_folder_was_removed_is_made_again(home):
    old = postgres.data_directory(make_cluster(home).home)
    shutil.rmtree(home)
    home.mkdir()
    settings = make_cluster(home)
    supervisor = Supervisor(home)
    supervisor.start_daemon([postgres.service(settings)])
    supervisor.start("postgres")
    supervisor.wait_ready("postgres", seconds=20)  # it takes the new password
    supervisor.shutdown()
    assert old == postgres.data_directory(home) or not old.exists()


def test_a_cluster_stays_as_long_as_its_folder(home):
    settings = make_cluster(home)
    assert not postgres.create_cluster(settings)


def test_the_server_keeps_utc_whatever_the_zone_of_who_starts_it(home, monkeypatch):
    """The default of a column, `now()` without a zone, is then the same in the demo and in the containers."""
    monkeypatch.setenv("TZ", "America/New_York")
    settings = make_cluster(home)
    supervisor = Supervisor(home)
    supervisor.start_daemon([postgres.service(settings)])
    supervisor.start("postgres")
    supervisor.wait_ready("postgres", seconds=20)
    zones = query(settings.dsn("postgres"), "SELECT current_setting('timezone'), current_setting('log_timezone')")
    supervisor.shutdown()
    assert zones == [("UTC", "UTC")]


# It does not look whether the server is still there.
BUSY = """
DO $$
DECLARE
    stop timestamptz = clock_timestamp() + interval '5 seconds';
BEGIN
    WHILE clock_timestamp() < stop LOOP END LOOP;
END
$$
"""


def test_a_server_that_was_killed_starts_again_while_an_old_session_still_works(home):
    """A demo is killed with all that it has, and somebody starts it again at once."""
    settings = make_cluster(home)
    supervisor = Supervisor(home)
    try:
        supervisor.start_daemon([postgres.service(settings)])
        supervisor.start("postgres")
        supervisor.wait_ready("postgres", seconds=20)
        with closing(psycopg2.connect(settings.dsn("postgres"), async_=True)) as session:
            wait_select(session)
            session.cursor().execute(BUSY)
            while (BUSY,) not in query(settings.dsn("postgres"), "SELECT query FROM pg_stat_activity"):
                time.sleep(0.05)
            for pid in (int((home / "supervisord.pid").read_text()), supervisor.pid("postgres")):
                os.kill(pid, signal.SIGKILL)
            supervisor.start_daemon([postgres.service(settings)])
            supervisor.start("postgres")
            supervisor.wait_ready("postgres", seconds=30)
        assert "pre-existing shared memory block" in supervisor.log_path("postgres").read_text()
    finally:
        supervisor.shutdown()


def test_an_initdb_that_was_cut_off_is_done_again(home):
    directory = postgres.data_directory(make_cluster(home).home)
    (home / "postgres").unlink()
    (directory / "global" / "pg_control").unlink()
    make_cluster(home)
    assert (postgres.data_directory(home) / "global" / "pg_control").exists()


def test_removal_takes_the_cluster_of_a_folder_that_is_gone(home):
    directory = postgres.data_directory(make_cluster(home).home)
    shutil.rmtree(home)
    platform.remove(home)
    assert not directory.exists()
    assert not platform.remove(home)


def test_psql_logs_in_by_a_service_of_the_demos_file(postgres, tmp_path):
    """As the README does: no command line has the password."""
    login = postgres.dsn()
    made = Endpoints("http://a", "admin", "pw", login, login, "http://l", "key", "secret")
    made.write_services(tmp_path / "pg_service.conf")
    environment = {"PATH": "/usr/bin:/bin", "PGSERVICEFILE": str(tmp_path / "pg_service.conf")}
    for service in ("source", "warehouse"):
        command = [str(find_binaries() / "psql"), f"service={service}", "-Atc", "SELECT current_user"]
        done = subprocess.run(command, env=environment, capture_output=True, text=True)
        assert (done.stdout, done.stderr) == ("postgres\n", "")
