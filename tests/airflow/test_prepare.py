"""airflow/prepare.py, when its environment lacks something, and when the currency service has moved.

What it makes is seen wherever a stack starts.
"""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys

import pytest
from airflow.models import Variable

from cli.paths import REPOSITORY

ADMIN = {"AIRFLOW_ADMIN_USER": "admin", "AIRFLOW_ADMIN_PASSWORD": "secret"}


@pytest.mark.parametrize(
    ("environment", "sentence"),
    [
        ({}, "Set AIRFLOW_ADMIN_USER and AIRFLOW_ADMIN_PASSWORD in the environment."),
        (ADMIN, "airflow_connections_init.yaml needs these environment variables, which are not set: "),
    ],
)
def test_what_is_missing_is_said_in_a_sentence_before_anything_is_made(environment, sentence, tmp_path):
    done = subprocess.run(
        [sys.executable, str(REPOSITORY / "airflow" / "prepare.py")],
        env={"PATH": os.environ["PATH"], "AIRFLOW_HOME": str(tmp_path), **environment},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 2
    assert sentence in done.stderr
    assert "Traceback" not in done.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.fixture
def prepare(monkeypatch):
    """The script as a module, beside the modules that it finds in its own folder."""
    monkeypatch.syspath_prepend(str(REPOSITORY / "airflow"))
    spec = importlib.util.spec_from_file_location("prepare", REPOSITORY / "airflow" / "prepare.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize(("held", "then"), [("http://old", "http://new"), ("http://mine", "http://mine")])
def test_the_variable_follows_the_service_to_another_port_and_no_other_address(prepare, monkeypatch, held, then):
    kept = {"BIKES_STORE_API_URL": held}
    monkeypatch.setattr(Variable, "get", lambda name, default_var: kept.get(name, default_var))
    monkeypatch.setattr(Variable, "set", kept.__setitem__)
    prepare.follow_address(["http://older", "http://old"], "http://new")
    assert kept == {"BIKES_STORE_API_URL": then}
