from __future__ import annotations

import json
import stat

import pytest

from demo.settings import DEFAULT_PORTS, DemoError, load_or_create, write_private


def test_made_once_and_kept_private(tmp_path):
    made = load_or_create(tmp_path, {})
    assert stat.S_IMODE((tmp_path / "settings.json").stat().st_mode) == 0o600
    assert load_or_create(tmp_path, {}) == made
    assert len(set(made.secrets.values())) == len(made.secrets)
    assert all(len(secret) >= 32 for secret in made.secrets.values())
    assert made.ports == DEFAULT_PORTS


def test_two_demos_share_no_secret(tmp_path):
    one, two = (load_or_create(tmp_path / name, {}) for name in ("one", "two"))
    assert not set(one.secrets.values()) & set(two.secrets.values())


def test_port_is_moved_by_a_variable(tmp_path):
    assert load_or_create(tmp_path, {"AIRFLOW_PORT": "9090"}).airflow_url == "http://127.0.0.1:9090"
    assert load_or_create(tmp_path, {"AIRFLOW_PORT": "9090"}).ports["airflow"] == 9090


def test_port_that_is_moved_later_is_refused(tmp_path):
    load_or_create(tmp_path, {})
    with pytest.raises(
        DemoError, match=r"AIRFLOW_PORT=9090, but this demo was made with port 8080: run `make demo-down`"
    ):
        load_or_create(tmp_path, {"AIRFLOW_PORT": "9090"})


@pytest.mark.parametrize("text", ["x", "80", "70000", "-1", "8080.5"])
def test_no_port_is_refused(tmp_path, text):
    with pytest.raises(DemoError, match=f"AIRFLOW_PORT={text} is not a port: give a number from 1024 to 65535"):
        load_or_create(tmp_path, {"AIRFLOW_PORT": text})
    assert not (tmp_path / "settings.json").exists()


def test_private_file_replaces_an_open_one(tmp_path):
    path = tmp_path / "secret"
    path.write_text("old")
    path.chmod(0o644)
    write_private(path, json.dumps({"a": 1}))
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert path.read_text() == '{"a": 1}'
