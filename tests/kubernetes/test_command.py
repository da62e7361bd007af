"""`make cluster-render`, as a person calls it."""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
import sys

import pytest
import yaml

from cli.containers.secrets_file import FILE, read_secrets
from cli.endpoints import Endpoints
from cli.kubernetes.helm import Chart
from cli.kubernetes.settings import EXAMPLE
from cli.names import SECRETS
from cli.paths import REPOSITORY
from tests.support.make import environment
from tests.support.programs import write_programs

HELM = """\
#!/bin/sh
echo "$@" >"$CALLS"
[ -z "$REFUSE" ] || { echo "first line" >&2; echo "Error: $REFUSE" >&2; exit 1; }
echo "kind: Deployment"
"""


class World:
    """A folder with settings and without secrets, and a PATH with what a test puts there."""

    def __init__(self, home):
        self.home, self.output, self.terraform = home, home / "out", home / "terraform"
        self.settings, self.programs = home / "settings.yaml", home / "bin"
        self.terraform.mkdir()
        self.programs.mkdir()
        shutil.copy(EXAMPLE, self.settings)

    def render(self, **more):
        given = {"SETTINGS": self.settings, "OUTPUT": self.output, "TERRAFORM_DIR": self.terraform}
        given |= {"PATH": self.programs, "CALLS": self.home / "calls", "REFUSE": "", "COLUMNS": "200"}
        command = [sys.executable, "-S", "cli/start.py", "cli.kubernetes"]
        made = environment(**{name: str(value) for name, value in {**given, **more}.items()})
        made.pop("CHART", None) if "CHART" not in more else None
        return subprocess.run(command, cwd=REPOSITORY, env=made, capture_output=True, text=True)

    def all_files(self):
        return sorted(
            path.relative_to(self.output).as_posix()
            for path in self.output.rglob("*")
            if path.is_file() and not path.name.startswith(".")
        )


@pytest.fixture
def world(tmp_path):
    return World(tmp_path)


def test_without_helm_all_else_is_written(world):
    done = world.render()
    assert done.returncode == 0, done.stdout + done.stderr
    assert "helm is not on the PATH, so release.yaml, which shows what the chart makes, was not written" in done.stdout
    assert world.all_files() == [
        "endpoints.json",
        "manifests/10-namespace.yaml",
        "manifests/20-secrets.yaml",
        "manifests/30-network-policies.yaml",
        "manifests/40-stores.yaml",
        "manifests/50-currency-api.yaml",
        "manifests/60-init.yaml",
        "monitoring/alerts.yaml",
        "monitoring/dashboards.yaml",
        "monitoring/datasource.yaml",
        "monitoring/service-monitor.yaml",
        "values.yaml",
    ]


def test_what_holds_secrets_is_for_its_owner_alone(world):
    world.render()
    known = read_secrets(world.terraform)
    assert sorted(known) == sorted(SECRETS)
    for file in world.all_files():
        path = world.output / file
        if any(secret in path.read_text() for secret in known.values()):
            assert stat.S_IMODE(path.stat().st_mode) == 0o600, file
    assert stat.S_IMODE((world.terraform / FILE).stat().st_mode) == 0o600


def test_nothing_secret_is_printed(world):
    done = world.render()
    assert "Passwords were made" in done.stdout
    for secret in read_secrets(world.terraform).values():
        assert secret not in done.stdout + done.stderr


def test_passwords_that_are_there_stay(world):
    world.render()
    before = read_secrets(world.terraform)
    done = world.render()
    assert "Passwords were made" not in done.stdout
    assert read_secrets(world.terraform) == before


def test_passwords_of_a_stack_in_containers_are_not_made_anew(world):
    (world.terraform / "terraform.tfstate").write_text("{}")
    done = world.render()
    assert done.returncode == 1
    assert "`make secrets` reads them back" in done.stdout
    assert not world.output.exists()


def test_helm_shows_what_the_pinned_chart_makes(world):
    write_programs(world.programs, {"helm": HELM})
    done = world.render(PATH=f"{world.programs}:{os.environ['PATH']}")
    assert done.returncode == 0, done.stdout + done.stderr
    assert (world.output / "release.yaml").read_text() == "kind: Deployment\n"
    pinned = yaml.safe_load((REPOSITORY / "deploy" / "kubernetes" / "chart.yaml").read_text())
    words = f"apache-airflow/airflow --version {pinned['version']} --namespace bikes-store --values"
    assert f"template bikes-store {words} {world.output}/values.yaml" in (world.home / "calls").read_text()
    assert f"helm upgrade --install bikes-store {words}" in done.stdout
    assert f"kubectl apply --server-side --filename {world.output}/manifests" in done.stdout


def test_helm_does_not_take_a_folder_of_ours_for_the_chart():
    """Helm looks for a folder first, and it is called in this repository's."""
    name = Chart().words[0]
    assert not (REPOSITORY / name).exists()
    assert (
        f"`helm repo add {name.partition('/')[0]} https://airflow.apache.org`"
        in (REPOSITORY / "docs" / "growing.md").read_text()
    )


def test_another_place_of_the_chart(world):
    write_programs(world.programs, {"helm": HELM})
    world.render(PATH=f"{world.programs}:{os.environ['PATH']}", CHART="/srv/airflow.tgz")
    assert (world.home / "calls").read_text().startswith("template bikes-store /srv/airflow.tgz --namespace")


def test_a_chart_that_helm_can_not_get(world):
    write_programs(world.programs, {"helm": HELM})
    done = world.render(PATH=f"{world.programs}:{os.environ['PATH']}", REFUSE="no such host")
    assert done.returncode == 0
    assert (
        "helm could not render the chart apache-airflow/airflow (Error: no such host), so release.yaml" in done.stdout
    )
    assert "values.yaml" in world.all_files() and "release.yaml" not in world.all_files()


def test_what_an_earlier_call_wrote_is_gone(world):
    world.render()
    (world.output / "release.yaml").write_text("old")
    (world.output / "manifests" / "60-old.yaml").write_text("old")
    assert world.render().returncode == 0
    assert "manifests/60-old.yaml" not in world.all_files() and "release.yaml" not in world.all_files()


def test_somebody_elses_folder_is_left_alone(world):
    world.output.mkdir()
    (world.output / "mine").write_text("mine")
    done = world.render()
    assert done.returncode == 1
    assert "holds files that `make cluster-render` did not write: name another OUTPUT" in done.stdout
    assert world.all_files() == ["mine"]


def test_without_settings_it_says_what_to_do(world):
    world.settings.unlink()
    done = world.render()
    assert (done.returncode, done.stderr) == (1, "")
    assert "copy deploy/kubernetes/settings.example.yaml to it" in done.stdout


def test_run_pipeline_finds_the_cluster(world):
    world.render()
    found = Endpoints.read(world.output / "endpoints.json")
    assert found.airflow_url == "http://127.0.0.1:8080"
    assert (
        found.warehouse_dsn.startswith("postgresql://dbt:") and "dwh.example.com:5432/warehouse" in found.warehouse_dsn
    )
    assert found.source_elsewhere == "db.example.com"


def test_make_calls_it():
    done = subprocess.run(
        ["make", "-n", "cluster-render"], cwd=REPOSITORY, env=environment(), capture_output=True, text=True
    )
    assert done.stdout.rstrip().endswith("cli.kubernetes")


def test_what_it_writes_is_not_in_git():
    for path in ("deploy/kubernetes/rendered/manifests/20-secrets.yaml", "deploy/kubernetes/settings.yaml"):
        assert subprocess.run(["git", "check-ignore", "-q", path], cwd=REPOSITORY).returncode == 0, path
