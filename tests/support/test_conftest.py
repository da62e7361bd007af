"""The tests leave nothing behind."""

from __future__ import annotations

import os
import subprocess
import sys

from cli.paths import REPOSITORY


def test_a_run_leaves_nothing_in_the_temporary_folder(tmp_path):
    """If a module imported conftest.py a second time, by name, a second Airflow home would be made and left."""
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "--collect-only", "-p", "no:cacheprovider", "tests/dbt"],
        cwd=REPOSITORY,
        env={**os.environ, "TMPDIR": str(tmp_path)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert list(tmp_path.iterdir()) == []
