"""airflow/prepare.py, when its environment lacks something. What it makes is seen wherever a stack starts."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

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
