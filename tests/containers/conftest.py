"""The whole stack in containers: the command of `make up` starts it from a copy of this tree, with provider doubles."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import docker
import pytest

from cli.paths import REPOSITORY
from tests.support.doubles.kept import kept_doubles
from tests.support.doubles.mirror import write_mirror
from tests.support.engine import build_images, extra_certificates, remove_leftovers, running_engine
from tests.support.module import copy_module
from tests.support.needs import need_program, need_provider_doubles
from tests.support.ports import free_ports
from tests.support.stack import NAME, SCRAPE_SECONDS, Stack


@pytest.fixture(scope="session")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[docker.DockerClient]:
    need_provider_doubles()
    need_program("terraform", "it starts the stack")
    with running_engine(tmp_path_factory.mktemp("engine") / "dockerd.log") as client:
        remove_leftovers(client, NAME)
        yield client
        remove_leftovers(client, NAME)


@pytest.fixture(scope="session")
def make_stack(engine: docker.DockerClient, tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Stack]:
    """Prepare a stack on a copy of this tree. It is not up yet, and whoever wants it has to destroy it."""
    images = json.dumps(build_images(engine, tmp_path_factory.mktemp("images")))

    def make(name: str, **variables: str) -> Stack:
        home = tmp_path_factory.mktemp(name)
        # All users in the containers must reach the DAGs.
        for above in (home, *home.parents):
            if above.is_relative_to(tmp_path_factory.getbasetemp().parent):
                above.chmod(0o755)
        folder = copy_module(home / "repository")
        shorten_wait_for_lost_tasks(home / "repository" / "airflow" / "airflow.env")
        free = iter(free_ports().values())
        names = ("airflow", "source", "warehouse", "s3", "s3_console", "prometheus", "grafana")
        environment = {
            **os.environ,
            **write_mirror(home),
            "HOME": str(home),
            "PYTHONPATH": f"{REPOSITORY}:{REPOSITORY / 'dags'}",
            "TERRAFORM_DIR": str(folder),
            "TF_VAR_name": name,
            "TF_VAR_ports": json.dumps(dict(zip(names, free, strict=False))),
            "TF_VAR_images": images,
            "TF_VAR_extra_ca_certificates": extra_certificates(),
            "TF_VAR_scrape_interval": f"{SCRAPE_SECONDS}s",
            **{f"TF_VAR_{variable}": value for variable, value in variables.items()},
        }
        return Stack(folder, environment, engine)

    return make


@pytest.fixture(scope="session")
def doubles(engine: docker.DockerClient) -> Iterator[dict[str, str]]:
    """The environment that tells Terraform of doubles that run already; after `terraform init`."""
    with kept_doubles() as told:
        yield told


@pytest.fixture(scope="session")
def stack(engine: docker.DockerClient, make_stack: Callable[..., Stack], doubles: dict[str, str]) -> Iterator[Stack]:
    # A small disk in memory, so that a test can fill it. Docker keeps a volume that exists.
    disk = {"type": "tmpfs", "device": "tmpfs", "o": "size=2g"}
    engine.volumes.create(f"{NAME}-source-data", driver="local", driver_opts=disk)
    made = make_stack(NAME, worker_count="2")
    made.up()
    made.environment |= doubles
    yield made


def shorten_wait_for_lost_tasks(environment: Path) -> None:
    """Let the scheduler notice after 20 seconds, not after a minute, that a task's worker has died."""
    setting = "AIRFLOW__SCHEDULER__SCHEDULER_ZOMBIE_TASK_THRESHOLD="
    text = environment.read_text()
    assert f"{setting}60\n" in text
    environment.write_text(text.replace(f"{setting}60\n", f"{setting}20\n"))
