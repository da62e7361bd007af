"""Where a stack that is up is reached."""

from __future__ import annotations

import json
import stat
from configparser import ConfigParser
from dataclasses import replace

import pytest

from cli import endpoints
from cli.endpoints import Endpoints, find_endpoints
from cli.errors import UserError

MADE = Endpoints("http://a", "admin", "pw", "postgresql://s", "postgresql://w", "http://l", "key", "secret")


def test_they_are_kept_for_their_owner_alone(tmp_path):
    path = tmp_path / "endpoints.json"
    MADE.write(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert Endpoints.read(path) == MADE


def test_databases_as_services_of_postgresqls_programs(tmp_path):
    path = tmp_path / "pg_service.conf"
    made = replace(MADE, source_dsn="postgresql://postgres:pw@127.0.0.1:5/bikes-store")
    made.write_services(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    read = ConfigParser()
    read.read(path)
    login = {"user": "postgres", "password": "pw", "host": "127.0.0.1", "port": "5", "dbname": "bikes-store"}
    assert dict(read["source"]) == login
    assert dict(read["warehouse"]) == {"host": "w"}


def test_a_file_without_prometheus_is_read(tmp_path):
    """That of a stack in containers, or of a demo of an older release."""
    path = tmp_path / "endpoints.json"
    path.write_text(json.dumps({name: value for name, value in vars(MADE).items() if name != "prometheus_url"}))
    assert Endpoints.read(path) == MADE


def test_a_file_that_is_missing_says_how_to_start_a_stack(tmp_path):
    with pytest.raises(UserError, match=r"is the stack up\? `make demo` or `make up` starts one"):
        Endpoints.read(tmp_path / "none.json")


@pytest.mark.parametrize("text", ["", "[]", "{}", json.dumps({"airflow_url": "http://a"})])
def test_a_file_of_somebody_else_is_refused(tmp_path, text):
    path = tmp_path / "endpoints.json"
    path.write_text(text)
    with pytest.raises(UserError, match="must be a JSON object with airflow_url, "):
        Endpoints.read(path)


def test_the_stack_in_containers_comes_before_the_demo(tmp_path, monkeypatch):
    containers, processes = tmp_path / "containers.json", tmp_path / "processes.json"
    monkeypatch.setattr(endpoints, "OF_CONTAINERS", containers)
    monkeypatch.setattr(endpoints, "OF_PROCESSES", processes)
    assert find_endpoints(None) == processes
    containers.touch()
    assert find_endpoints(None) == containers
    assert find_endpoints("named.json").name == "named.json"
