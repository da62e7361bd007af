"""`make up` with a fault: it names the fault in a sentence, and says what to do."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys

import pytest

from cli.containers import secrets_file
from cli.containers.secrets_file import missing_secrets, read_old_file, read_secrets, write_secrets
from cli.containers.terraform import explain
from cli.errors import UserError
from cli.paths import REPOSITORY
from tests.support.module import copy_module
from tests.support.needs import need_program


@pytest.fixture
def folder(tmp_path):
    return copy_module(tmp_path)


@pytest.fixture
def up(folder, bare_module):
    """Run `python -m cli.containers NAME` on a fresh copy of the module; returns its output and its exit code.

    The double for Docker starts anew each time, as the environment says where the engine is; the others run already.
    """
    told = json.loads(bare_module.doubles["TF_REATTACH_PROVIDERS"])
    others = json.dumps({source: double for source, double in told.items() if "docker" not in source})

    def run(name, **environment):
        made = {**bare_module.environment, "PYTHONPATH": f"{REPOSITORY}:{REPOSITORY / 'dags'}"}
        made |= {"TERRAFORM_DIR": str(folder), "TF_REATTACH_PROVIDERS": others, **environment}
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


def test_engine_of_the_chosen_context_is_asked(up, tmp_path):
    """As with rootless Docker, colima or Docker Desktop, where nothing is at the usual place."""
    need_program("docker", "it chooses a context")
    environment = {"DOCKER_CONFIG": str(tmp_path / "docker"), "DOCKER_HOST": ""}
    for command in (["create", "colima", "--docker", "host=unix:///nowhere/colima.sock"], ["use", "colima"]):
        subprocess.run(["docker", "context", *command], env={**os.environ, **environment}, check=True)
    said, code = up("up", **environment)
    assert code == 1
    assert "Cannot connect to the Docker daemon at unix:///nowhere/colima.sock" in said
    said, code = up("up", **environment | {"DOCKER_HOST": "unix:///nowhere/host.sock", "DOCKER_CONTEXT": "colima"})
    assert "Cannot connect to the Docker daemon at unix:///nowhere/host.sock" in said
    said, code = up("up", **environment, TF_VAR_docker_host="unix:///nowhere/variable.sock")
    assert "Cannot connect to the Docker daemon at unix:///nowhere/variable.sock" in said


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
        (
            "Error: failed to create Docker client: Error pinging Docker server, please make sure that tcp://x:1 is"
            " reachable and has a '_ping' endpoint. Error: dial tcp: lookup x: no such host",
            "The Docker engine can't be reached",
        ),
        (
            "Error: Error running legacy build: failed to read downloaded context: failed to load cache key: invalid"
            " response status 403",
            "This engine keeps images in containerd",
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
            "Docker has a container or a network of that name",
        ),
        (
            "Error: Unable to create network: Error response from daemon: network with name bikes-store already exists",
            "Docker has a container or a network of that name",
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
            'Error: error checking bucket existence: Get "http://127.0.0.1:9000/bikes-store/?location=": dial tcp'
            " 127.0.0.1:9000: connect: connection refused",
            "The lake or Grafana does not answer",
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
    path = folder / "secrets.auto.tfvars.json"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    made = path.read_text()
    assert up("secrets") == ("", 0)
    assert path.read_text() == made


CHOSEN = 'a "quoted" \\ ${not} %{an} expression, ü'


@pytest.fixture
def terraform_folder(tmp_path, monkeypatch):
    """A folder that holds nothing, where two secrets are needed."""
    monkeypatch.setattr(secrets_file, "SECRETS", ["chosen", "reader_password"])
    return tmp_path


def test_a_secret_that_the_state_lacks_is_made_and_said_to_be(terraform_folder):
    """As after an update of this repository that brings one more."""
    assert write_secrets(terraform_folder, {"chosen": "kept"})
    made = read_secrets(terraform_folder)
    assert (made["chosen"], len(made["reader_password"])) == ("kept", 32)


def test_secrets_of_any_characters_are_what_terraform_reads(terraform_folder):
    need_program("terraform", "it reads the file")
    (terraform_folder / "main.tf").write_text('variable "secrets" {\n  type = map(string)\n}\n')
    kept = {"chosen": CHOSEN, "reader_password": "secret"}
    assert not write_secrets(terraform_folder, kept)
    assert missing_secrets(terraform_folder) == []
    assert read_secrets(terraform_folder) == kept
    command = ["terraform", "console"]
    done = subprocess.run(
        command, input="jsonencode(var.secrets)", cwd=terraform_folder, capture_output=True, text=True
    )
    assert json.loads(json.loads(done.stdout)) == kept


@pytest.mark.parametrize("more", ["", 'slack_webhook_url = "https://hooks.slack.com/services/T0/B0/x"\n'])
def test_the_file_of_an_older_release_is_read_as_terraform_reads_it(terraform_folder, more):
    need_program("terraform", "it reads the file")
    quoted = json.dumps(CHOSEN).replace("${", "$${").replace("%{", "%%{")
    (terraform_folder / "secrets.auto.tfvars").write_text(f"# Made by `make up`.\nchosen = {quoted}\n{more}")
    assert read_old_file(terraform_folder) == ({"chosen": CHOSEN}, bool(more))


def test_a_file_of_secrets_that_somebody_broke_is_refused(terraform_folder):
    (terraform_folder / "secrets.auto.tfvars.json").write_text('{"secrets": {"chosen": "x",}}')
    with pytest.raises(UserError, match="is not JSON of the form"):
        missing_secrets(terraform_folder)


@pytest.mark.parametrize("more", ["", "worker_count = 2\n"])
def test_secrets_of_an_older_release_are_taken_over(up, folder, more):
    """Nothing is up, so no state knows them: but databases elsewhere may have these passwords."""
    old = {
        name: "A" * 43 + "=" if name.endswith("_fernet_key") else f"of the older release: {name}"
        for name in missing_secrets(folder)
    }
    file = folder / "secrets.auto.tfvars"
    file.write_text("".join(f"{name} = {json.dumps(value)}\n" for name, value in old.items()) + more)
    said, code = up("secrets")
    assert code == 0
    assert read_secrets(folder) == old
    assert "Passwords were taken over from secrets.auto.tfvars" in said
    assert file.exists() == bool(more)
    assert ("stays, since it has other settings too" if more else "of an older release is removed") in said
    assert not [value for value in old.values() if value in said]


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
