"""Ctrl-C in `make up` and `make down`: Terraform ends in its own way, whoever reads its output, and leaves no process.

A script takes Terraform's place. It does what Terraform does: it writes when it is interrupted, and has children.
"""

from __future__ import annotations

import json
import os
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path
from types import MappingProxyType

import pytest

from cli.containers.terraform import explain
from cli.paths import REPOSITORY
from tests.support.programs import write_programs

STAND_IN = """\
#!/bin/sh
# In place of Terraform: `destroy` goes on until it is interrupted, and then needs a moment.
shift
case $1 in
init) exit 0 ;;
show) echo "$STATE"; exit 0 ;;
output) echo "$OUTPUTS"; exit 0 ;;
esac
echo $$ >"$HERE/terraform"
sleep 600 & # as a provider, which ignores Ctrl-C
echo $! >"$HERE/provider"
finish() {
    echo "Interrupt received."
    sleep 1
    echo "Gracefully shutting down..." >&2
    echo '{}' >terraform.tfstate
    echo "the state is written" >"$HERE/finished"
    exit 1
}
trap finish INT
echo "Destroying..."
touch "$HERE/began"
while true; do sleep 0.1; done
"""


DOCKER = """\
#!/bin/sh
# In place of Docker's own command: it keeps what it is asked, and of which engine.
echo "$DOCKER_HOST $*" >>"$HERE/asked"
[ "$1" != ps ] || printf '%s\\n' "0a bikes-store-redis" "0b bikes-store-lake" "0c of-somebody-else"
"""
OUTPUTS = json.dumps({"name": {"value": "bikes-store"}, "docker_host": {"value": "ssh://big"}})


@pytest.fixture
def environment(tmp_path):
    programs = write_programs(tmp_path / "bin", {"terraform": STAND_IN, "docker": DOCKER})
    return {
        **os.environ,
        "PATH": f"{programs}:/usr/bin:/bin",
        "HERE": str(tmp_path),
        "TERRAFORM_DIR": str(tmp_path),
        "PYTHONPATH": f"{REPOSITORY}:{REPOSITORY / 'dags'}",
        "DOCKER_HOST": "",
        "OUTPUTS": "{}",
        "STATE": "{}",
    }


@pytest.fixture
def down(tmp_path, environment):
    """Start `python -m cli.containers down`, wait until the stand-in has begun, and return the process."""
    started = []

    def start(more=MappingProxyType({}), ignores_hangup=False, **options):
        def set_signals() -> None:
            # Tests in the background get from their shell that they ignore Ctrl-C.
            signal.signal(signal.SIGINT, signal.SIG_DFL)
            signal.signal(signal.SIGHUP, signal.SIG_IGN if ignores_hangup else signal.SIG_DFL)

        process = subprocess.Popen(
            [sys.executable, "-m", "cli.containers", "down"],
            env={**environment, **more},
            cwd=tmp_path,
            text=True,
            start_new_session=True,
            preexec_fn=set_signals,
            **{"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, **options},
        )
        started.append(process)
        wait_for((tmp_path / "began").exists)
        return process

    yield start
    for process in started:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
    for name in ("terraform", "provider"):  # they have a session of their own
        if (tmp_path / name).exists() and lives(tmp_path / name):
            os.kill(int((tmp_path / name).read_text()), signal.SIGKILL)


def wait_for(condition, seconds=60):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def lives(process_file: Path) -> bool:
    status = Path("/proc", process_file.read_text().strip(), "stat")
    return status.exists() and status.read_text().rsplit(")", 1)[1].split()[0] != "Z"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_terraform_gets_the_signal_and_is_waited_for(down, tmp_path, number):
    process = down()
    os.killpg(process.pid, number)  # as a terminal does with Ctrl-C: to all of its group
    said, _ = process.communicate(timeout=30)
    assert process.returncode == 130
    assert (tmp_path / "finished").exists()
    assert "A second Ctrl-C kills it" in said
    assert "Gracefully shutting down" in said
    assert "`make down` again removes what is left" in " ".join(said.split())
    assert not lives(tmp_path / "provider")


def test_a_second_kills_it_and_all_that_it_started(down, tmp_path):
    process = down()
    os.killpg(process.pid, signal.SIGINT)
    time.sleep(0.3)
    os.killpg(process.pid, signal.SIGINT)
    said, _ = process.communicate(timeout=30)
    assert process.returncode == 130
    assert "Terraform is killed." in said
    assert not (tmp_path / "finished").exists()
    assert not lives(tmp_path / "provider")


def test_a_reader_that_goes_kills_nothing(down, tmp_path):
    """As in `make up | head -1`."""
    reading, writing = os.pipe()
    process = down(stdout=writing, stderr=writing)
    os.close(writing)
    os.close(reading)
    os.kill(process.pid, signal.SIGINT)
    process.wait(30)
    assert (tmp_path / "finished").exists()


def test_a_terminal_that_goes_stops_it_unless_nohup_said_no(down, tmp_path):
    process = down(ignores_hangup=True)
    os.kill(process.pid, signal.SIGHUP)
    time.sleep(1)
    assert process.poll() is None
    assert not (tmp_path / "finished").exists()
    os.killpg(process.pid, signal.SIGINT)
    process.communicate(timeout=30)
    for name in ("began", "finished"):
        (tmp_path / name).unlink()
    process = down()
    os.kill(process.pid, signal.SIGHUP)
    process.communicate(timeout=30)
    assert (tmp_path / "finished").exists()


def test_the_state_is_for_its_owner_alone_also_where_it_was_open(down, tmp_path):
    backup = tmp_path / "terraform.tfstate.backup"
    backup.write_text("{}")
    backup.chmod(0o644)
    process = down()
    os.killpg(process.pid, signal.SIGINT)
    process.communicate(timeout=30)
    modes = {file.name: stat.S_IMODE(file.stat().st_mode) for file in tmp_path.glob("terraform.tfstate*")}
    assert modes == {"terraform.tfstate": 0o600, "terraform.tfstate.backup": 0o600}


def test_containers_that_a_killed_terraform_left_are_removed_first(down, tmp_path):
    """The state knows one of those on the stack's network, and the third is not the stack's."""
    known = {"address": "x", "type": "docker_container", "values": {"id": "0a"}}
    state = {"values": {"root_module": {"resources": [known]}}}
    process = down({"OUTPUTS": OUTPUTS, "STATE": json.dumps(state)})
    os.killpg(process.pid, signal.SIGINT)
    said, _ = process.communicate(timeout=30)
    assert "bikes-store-lake is removed: Terraform was killed while it made it." in said
    *_, listed, removed = (tmp_path / "asked").read_text().splitlines()
    assert listed.startswith("ssh://big ps --all --no-trunc")
    assert listed.endswith("--filter network=bikes-store")
    assert removed == "ssh://big rm --force 0b"


def test_logs_come_from_the_engine_that_the_stack_is_on(environment, tmp_path):
    command = [sys.executable, "-m", "cli.containers", "logs", "redis"]
    subprocess.run(command, env={**environment, "OUTPUTS": OUTPUTS}, check=True)
    assert (tmp_path / "asked").read_text().splitlines()[-1].startswith("ssh://big logs")


def test_what_a_kill_leaves_in_the_way_is_explained():
    said = (
        "Error: Unable to remove network: Error response from daemon: error while removing network: network bikes-store"
        " id 0a1b has active endpoints\n│ Error: Error deleting volume: volume is in use - [in_use]"
    )
    assert (explain(said) or "").startswith("Containers that this Terraform state does not know")
