from __future__ import annotations

import json
import stat

import pytest

from cli.errors import UserError
from cli.files import write_private
from cli.processes.platform import DEFAULT_PORTS
from cli.processes.settings import load_or_create


def test_made_once_and_kept_private(tmp_path):
    made = load_or_create(tmp_path, {}, DEFAULT_PORTS)
    assert stat.S_IMODE((tmp_path / "settings.json").stat().st_mode) == 0o600
    assert load_or_create(tmp_path, {}, DEFAULT_PORTS) == made
    assert len(set(made.secrets.values())) == len(made.secrets)
    assert all(len(secret) >= 32 for secret in made.secrets.values())
    assert made.ports == DEFAULT_PORTS


def test_two_demos_share_no_secret(tmp_path):
    one, two = (load_or_create(tmp_path / name, {}, DEFAULT_PORTS) for name in ("one", "two"))
    assert not set(one.secrets.values()) & set(two.secrets.values())


def test_port_is_moved_by_a_variable(tmp_path):
    assert load_or_create(tmp_path, {"AIRFLOW_PORT": "9090"}, DEFAULT_PORTS).airflow_url == "http://127.0.0.1:9090"
    assert load_or_create(tmp_path, {"AIRFLOW_PORT": "9090"}, DEFAULT_PORTS).ports["airflow"] == 9090


def test_port_that_is_moved_later_is_refused(tmp_path):
    load_or_create(tmp_path, {}, DEFAULT_PORTS)
    with pytest.raises(
        UserError, match=r"AIRFLOW_PORT=9090, but this demo was made with port 8080: run `make demo-down`"
    ):
        load_or_create(tmp_path, {"AIRFLOW_PORT": "9090"}, DEFAULT_PORTS)


def test_private_file_replaces_an_open_one(tmp_path):
    path = tmp_path / "secret"
    path.write_text("old")
    path.chmod(0o644)
    write_private(path, json.dumps({"a": 1}))
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert path.read_text() == '{"a": 1}'
