"""airflow/fill_in.py, as the demo and the containers call it."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import yaml

from cli.paths import REPOSITORY

SCRIPT = REPOSITORY / "airflow" / "fill_in.py"


def fill_in(path, **environment):
    return subprocess.run(
        [sys.executable, str(SCRIPT), str(path)],
        env={"PATH": os.environ["PATH"], **environment},
        capture_output=True,
        text=True,
    )


def test_any_character_of_a_value_survives(tmp_path):
    hostile = "a\"b'c: {d} # ${X}\n\\ - é"
    (tmp_path / "in.yaml").write_text("one: ${A}\ntwo: [x, 'p${A}q']\nthree: 4\n")
    done = fill_in(tmp_path / "in.yaml", A=hostile)
    assert done.returncode == 0
    assert yaml.safe_load(done.stdout) == {"one": hostile, "two": ["x", f"p{hostile}q"], "three": 4}
    (tmp_path / "in.json").write_text('{"one": "${A}"}')
    assert json.loads(fill_in(tmp_path / "in.json", A=hostile).stdout) == {"one": hostile}


def test_digits_stay_a_string(tmp_path):
    (tmp_path / "in.yaml").write_text("password: ${A}\n")
    assert yaml.safe_load(fill_in(tmp_path / "in.yaml", A="0123").stdout) == {"password": "0123"}


def test_missing_variables_are_all_named(tmp_path):
    (tmp_path / "in.yaml").write_text("one: ${B}\ntwo: ${A}\n")
    done = fill_in(tmp_path / "in.yaml")
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.strip().endswith("needs these environment variables, which are not set: A, B.")


def test_file_that_does_not_exist_is_refused_in_a_sentence(tmp_path):
    done = fill_in(tmp_path / "none.yaml")
    assert done.returncode == 2
    assert "can't be read" in done.stderr
    assert "Traceback" not in done.stderr


def test_shipped_files_name_only_what_the_demo_gives():
    from cli.processes.airflow import init_values
    from cli.processes.platform import DEFAULT_PORTS
    from cli.processes.settings import Settings, generate_secrets

    values = init_values(Settings(REPOSITORY, DEFAULT_PORTS, generate_secrets()), "http://api", "")
    for name in ("airflow_connections_init.yaml", "airflow_variables_init.json"):
        done = fill_in(REPOSITORY / "airflow" / name, **values)
        assert done.returncode == 0, done.stderr
        assert "${" not in done.stdout
