"""Every command block of the pages is run somewhere, or table.py says why it can't be. The short ones are run here."""

from __future__ import annotations

import os
import re
import shlex
import subprocess

import pytest

from cli.containers.images import read_pinned
from cli.containers.published import usual_ports
from cli.kubernetes import render as rendering
from cli.kubernetes.helm import Chart
from cli.kubernetes.names import DEPLOY, RELEASE
from cli.kubernetes.settings import EXAMPLE, read_settings
from cli.paths import REPOSITORY, TERRAFORM
from tests.docs.table import COMMANDS, Command
from tests.support.make import environment
from tests.support.pages import Block, block, blocks
from tests.support.programs import write_programs

PAGE_OF_GROWING = (REPOSITORY / "docs" / "growing.md").read_text()
# It keeps what it is called with, and what of the environment is Terraform's or Docker's.
STAND_IN = """\
#!/bin/sh
said=$(basename "$0"; for word; do echo "$word"; done; env | grep -E "^(TF_VAR|DOCKER)_" | sort)
printf '%s\\n\\n' "$said" >>"$CALLS"  # at once, as some run side by side
"""


def entries(of: Block) -> list[Command]:
    """The entries of the table for a block."""
    return [command for command in COMMANDS if command.page == of.page and of.begins.startswith(command.begins)]


@pytest.mark.parametrize("of", list(blocks("sh")), ids=lambda of: f"{of.page}:{of.line}")
def test_each_block_is_accounted_for(of):
    assert len(entries(of)) == 1, (
        f"The command block at {of.page}:{of.line} (`{of.begins}`) is run by no test. Run it in one that has what it"
        " needs: tests/e2e for a demo, tests/containers for a stack, tests/docs/test_commands.py for what is quick; the"
        " test takes its text with block() of tests/support/pages.py. Then give it a line in tests/docs/table.py, which"
        " names that test, or says why nothing can run it."
    )


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: f"{command.page}: {command.begins}")
def test_each_entry_is_of_a_block_and_names_tests_that_are_there(command):
    assert [of for of in blocks("sh") if command in entries(of)], "no page has this block any more"
    assert command.run_by or command.not_run
    for where in command.run_by:
        path, _, name = where.partition("::")
        text = (REPOSITORY / path).read_text()
        assert not name or re.search(rf"^def {name}\(", text, re.MULTILINE), where


def test_a_block_that_nobody_listed_is_found():
    new = Block("README.md", 7, "sh", "make tea\n")
    with pytest.raises(AssertionError, match=r"README\.md:7 \(`make tea`\) is run by no test\. Run it in one"):
        test_each_block_is_accounted_for(new)


@pytest.fixture
def run(tmp_path):
    """Run a command block of a page where some programs are stand-ins; returns what each was called with."""

    def run(page, begins, *programs, changes=None):
        text = block(page, "sh", begins)
        for old, new in (changes or {}).items():
            assert old in text
            text = text.replace(old, new)
        folder = write_programs(tmp_path / "bin", dict.fromkeys(programs, STAND_IN))
        calls = tmp_path / "calls"
        made = environment(PATH=f"{folder}:{os.environ['PATH']}", CALLS=str(calls))
        made = {name: value for name, value in made.items() if not name.startswith(("TF_VAR_", "DOCKER_"))}
        done = subprocess.run(["sh", "-euc", f"{text}\nwait"], cwd=REPOSITORY, env=made, capture_output=True, text=True)
        assert (done.returncode, done.stderr) == (0, "")
        return [call.splitlines() for call in calls.read_text().split("\n\n") if call]

    return run


def dry(*words):
    """What make would do."""
    done = subprocess.run(["make", "-n", *words], cwd=REPOSITORY, env=environment(), capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_first_commands(run):
    assert run("README.md", "make up ", "make") == [["make", "up"], ["make", "demo"]]
    assert dry("up").rstrip().endswith("cli.containers up")
    assert dry("demo").rstrip().endswith("cli.processes up")


def test_more_workers(run):
    assert run("docs/growing.md", "TF_VAR_worker_count=4", "make") == [
        ["make", "up", "TF_VAR_worker_concurrency=8", "TF_VAR_worker_count=4"]
    ]


def test_a_tunnel_has_every_port(run):
    calls = {call[0]: call[1:] for call in run("docs/growing.md", "export DOCKER_HOST=", "make", "ssh")}
    host = "DOCKER_HOST=ssh://me@big.example.com"
    assert calls["make"] == ["up", host, "TF_VAR_repository_path=/srv/bikes-store"]
    forwarded = [int(port) for port in re.findall(r"\b(\d+):127\.0\.0\.1:\1\b", " ".join(calls["ssh"]))]
    assert sorted(forwarded) == sorted(usual_ports(TERRAFORM).values())
    assert "me@big.example.com" in calls["ssh"]


def test_an_image_for_a_registry(run):
    build, build_upon, push = run("docs/growing.md", "base=", "docker")
    base = str(read_pinned(TERRAFORM / "images.yaml")["base"])
    below, name = "bikes-store-airflow:1", "registry.example.com/bikes-store-airflow:1"
    file, given = "airflow/Dockerfile", {"BASE_IMAGE": base, "GROUP": "kubernetes"}
    assert build == ["docker", "build", "-f", file, *arguments(given), "-t", below, "."]
    declared(file, given)
    assert f"\n{given['GROUP']} = [\n" in (REPOSITORY / "pyproject.toml").read_text()
    file, given = "deploy/kubernetes/Dockerfile", {"AIRFLOW_IMAGE": below}
    assert build_upon == ["docker", "build", "-f", file, *arguments(given), "-t", name, "."]
    declared(file, given)
    assert push == ["docker", "push", name]
    assert read_settings(EXAMPLE).image == name


def arguments(given):
    return [word for name, value in given.items() for word in ("--build-arg", f"{name}={value}")]


def declared(file, given):
    names = re.findall(r"^ARG (\w+)", (REPOSITORY / file).read_text(), re.MULTILINE)
    assert set(given) <= set(names)


def test_three_commands_for_a_cluster(run):
    """They are those that `make cluster-render` names, and it writes the files that they read."""
    make, kubectl, helm = run("docs/growing.md", "make cluster-render", "make", "kubectl", "helm")
    assert make == ["make", "cluster-render"]
    folder = f"{(DEPLOY / 'rendered').relative_to(REPOSITORY)}"
    assert kubectl == ["kubectl", "apply", "--server-side", "--filename", f"{folder}/{rendering.MANIFESTS}"]
    settings = read_settings(EXAMPLE)
    assert shlex.join(helm) == Chart().install_command(settings.namespace, f"{folder}/{rendering.VALUES}")


def test_a_run_on_a_cluster(run):
    calls = {call[0]: call[1:] for call in run("docs/growing.md", "kubectl --namespace", "make", "kubectl")}
    assert calls["kubectl"] == [
        "--namespace",
        read_settings(EXAMPLE).namespace,
        *("port-forward", f"service/{RELEASE}-webserver", "8080"),
    ]
    assert read_settings(EXAMPLE).airflow_url == "http://127.0.0.1:8080"
    assert calls["make"] == ["run-pipeline"]
    assert f"ENDPOINTS=deploy/kubernetes/rendered/{rendering.ENDPOINTS} make" in PAGE_OF_GROWING


def test_a_proxys_certificate(run, tmp_path):
    certificate = tmp_path / "proxy.crt"
    certificate.write_text("-----BEGIN CERTIFICATE-----\n")
    changes = {"/usr/local/share/ca-certificates/proxy.crt": shlex.quote(str(certificate))}
    ((*words, given),) = run("docs/provider-mirror.md", "TF_VAR_extra", "make", changes=changes)
    assert words == ["make", "up"]
    assert given == "TF_VAR_extra_ca_certificates=-----BEGIN CERTIFICATE-----"
