"""The demo's PostgreSQL cluster and the folder with its password: each is useless without the other."""

from __future__ import annotations

import shutil

import pytest

from cli.database import query
from cli.processes import platform, postgres
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
