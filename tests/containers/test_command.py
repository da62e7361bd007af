"""`make up` with a fault: it names the fault in a sentence, and says what to do."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys

import pytest

from cli.containers.secrets_file import missing_secrets, read_secrets, write_secrets
from cli.containers.terraform import explain
from cli.paths import REPOSITORY
from tests.support.module import copy_module
from tests.support.needs import need_program


@pytest.fixture
def folder(tmp_path):
    return copy_module(tmp_path)


@pytest.fixture
def up(folder, bare_module):
    """Run `python -m cli.containers NAME` on a fresh copy of the module; returns its output and its exit code."""

    def run(name, **environment):
        made = {**bare_module.environment, "PYTHONPATH": f"{REPOSITORY}:{REPOSITORY / 'dags'}"}
        made |= {"TERRAFORM_DIR": str(folder), **environment}
        command = [sys.executable, "-m", "cli.containers", *name.split()]
        done = subprocess.run(command, env=made, cwd=REPOSITORY, capture_output=True, text=True)
        return " ".join((done.stdout + done.stderr).split()), done.returncode

    return run


def test_engine_that_does_not_answer(up):
    said, code = up("up", TF_VAR_docker_host="unix:///nowhere.sock")
    assert code == 1
    assert "✗ The Docker engine can't be reached" in said
    assert "`make demo` runs the platform without Docker" in said
    assert "Traceback" not in said


def test_registry_that_does_not_answer(up, tmp_path):
    configuration = tmp_path / "nothing.rc"
    configuration.write_text('provider_installation {\n  network_mirror {\n    url = "https://127.0.0.1:9/"\n  }\n}\n')
    said, code = up("up", TF_CLI_CONFIG_FILE=str(configuration))
    assert code == 1
    assert "✗ The Terraform registry can't be reached" in said
    assert "docs/provider-mirror.md" in said


@pytest.mark.parametrize(
    ("said", "sign"),
    [
        (
            "Error: Failed to query available provider packages\n│ Could not retrieve the list of available versions"
            " for provider grafana/grafana: could not connect to the registry: no such host",
            "The Terraform registry",
        ),
        ("Error: error pinging Docker server: Cannot connect to the Docker daemon at unix:///x", "The Docker engine"),
        (
            "Error: permission denied while trying to connect to the Docker daemon socket at unix:///run/docker.sock",
            "The Docker engine",
        ),
        (
            'Error: Unable to read Docker image into resource: unable to pull image "redis:7"',
            "An image can't be pulled",
        ),
        (
            "Error: Unable to create container: Error response from daemon: Conflict. The container name"
            ' "/bikes-store-redis" is already in use by container "0a1b". You have to remove it',
            "Docker has a container of that name",
        ),
        (
            "Error: Resource postcondition failed\n│ warehouse-prepare failed (exit code 2). Its log:\n│ psql: error:"
            ' connection to server at "warehouse", port 5432\n│ failed: FATAL:  password authentication failed for\n│'
            ' user "postgres"',
            "A database does not take its password",
        ),
        (
            "Error: Unable to start container: Error response from daemon: driver failed programming external"
            " connectivity on endpoint bikes-store-grafana: Bind for 127.0.0.1:3000 failed: port is already allocated",
            "A port that the stack wants to publish is taken",
        ),
        (
            "Error: Unable to start container: failed to bind host port for 127.0.0.1:3000: address already in use",
            "A port that the stack wants to publish is taken",
        ),
    ],
)
def test_what_the_real_ones_say_is_understood(said, sign):
    assert (explain(said) or "").startswith(sign)


def test_nothing_known_is_left_to_terraform():
    assert explain("Error: Resource postcondition failed") is None


def test_secrets_are_made_once(up, folder):
    said, code = up("secrets")
    assert code == 0
    assert "Passwords were made" in said
    path = folder / "secrets.auto.tfvars"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    made = path.read_text()
    assert up("secrets") == ("", 0)
    assert path.read_text() == made


def test_a_secret_that_the_state_lacks_is_made_and_said_to_be(tmp_path):
    """As after an update of this repository that brings one more."""
    (tmp_path / "secrets.tf").write_text('variable "old" {\n}\n\nvariable "new" {\n}\n')
    assert write_secrets(tmp_path, {"old": "kept"})
    made = read_secrets(tmp_path)
    assert (made["old"], len(made["new"])) == ("kept", 32)


def test_secrets_of_any_characters_are_what_terraform_reads(tmp_path):
    need_program("terraform", "it reads the file")
    (tmp_path / "secrets.tf").write_text('variable "chosen" {\n  type = string\n}\n')
    chosen = 'a "quoted" \\ ${not} %{an} expression, ü'
    assert not write_secrets(tmp_path, {"chosen": chosen})
    assert missing_secrets(tmp_path) == []
    assert read_secrets(tmp_path) == {"chosen": chosen}
    command = ["terraform", "console"]
    done = subprocess.run(command, input="jsonencode(var.chosen)", cwd=tmp_path, capture_output=True, text=True)
    assert json.loads(json.loads(done.stdout)) == chosen


def test_dump_that_is_not_there(up):
    said, code = up("plan", SOURCE_SQL="nowhere.sql")
    assert (code, said.endswith("✗ SOURCE_SQL=nowhere.sql is not a file.")) == (1, True)


def test_logs_of_what(up):
    said, code = up("logs")
    assert code == 1
    assert "make logs SERVICE=airflow-scheduler" in said


def test_terraform_that_is_not_installed(up):
    said, code = up("up", PATH=os.devnull)
    assert code == 1
    assert "terraform is not on the PATH" in said


def test_run_pipeline_without_a_stack(tmp_path):
    done = subprocess.run(
        [sys.executable, "-m", "cli.run"],
        env={
            **os.environ,
            "PYTHONPATH": f"{REPOSITORY}:{REPOSITORY / 'dags'}",
            "ENDPOINTS": str(tmp_path / "none.json"),
        },
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 1
    assert "`make demo` or `make up` starts one" in " ".join(done.stdout.split())
