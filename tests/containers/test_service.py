"""A service on a Docker engine, by its module: limits that are set, read back and taken away."""

from __future__ import annotations

import json
import time

import pytest

from cli.containers.health import wait_until_healthy
from cli.containers.terraform import Terraform
from cli.errors import UserError
from cli.paths import REPOSITORY
from tests.support.doubles.mirror import write_mirror
from tests.support.engine import BASE, need_base

NAME = "bikes-store-test-service"
ROOT = """
terraform {
  required_providers {
    docker = { source = "kreuzwerker/docker" }
  }
}

variable "limits" {
  type    = map(object({ memory_mb = optional(number), cpus = optional(string) }))
  default = {}
}

resource "docker_network" "this" {
  name = "%(name)s"
}

module "service" {
  source = "%(modules)s/service"
  platform = {
    name         = "bikes-store-test"
    network      = docker_network.this.name
    bind_address = "127.0.0.1"
    images       = {}
    limits       = var.limits
  }
  name        = "service"
  image       = "%(image)s"
  command     = ["sh", "-c", "trap 'exit 0' TERM; while true; do sleep 0.2; done"]
  healthcheck = { test = ["CMD", "test", "!", "-e", "/ill"], interval = "1s", retries = 1 }
}
"""


@pytest.fixture
def terraform(engine, doubles, tmp_path, monkeypatch):
    need_base(engine)
    for name, value in write_mirror(tmp_path).items():
        monkeypatch.setenv(name, value)
    folder = tmp_path / "root"
    folder.mkdir()
    values = {"modules": REPOSITORY / "terraform" / "modules", "image": BASE, "name": NAME}
    (folder / "main.tf").write_text(ROOT % values)
    made = Terraform(folder)
    made.run("init", "-no-color", quiet=True)
    monkeypatch.setenv("TF_REATTACH_PROVIDERS", doubles["TF_REATTACH_PROVIDERS"])
    yield made
    made.run("destroy", "-no-color", "-auto-approve", "-refresh=false", quiet=True)


def limits(container):
    container.reload()
    return container.attrs["HostConfig"]["Memory"] >> 20, container.attrs["HostConfig"]["NanoCpus"] / 1e9


def test_limits_take_effect_and_are_taken_away_again(terraform, engine, monkeypatch):
    monkeypatch.setenv("TF_VAR_limits", json.dumps({"service": {"memory_mb": 64, "cpus": "1.0"}}))
    terraform.apply()
    assert limits(engine.containers.get(NAME)) == (64, 1)
    terraform.run("plan", "-detailed-exitcode", quiet=True)  # fails where anything would change
    monkeypatch.setenv("TF_VAR_limits", "{}")
    terraform.apply()
    assert limits(engine.containers.get(NAME)) == (0, 0)
    terraform.run("plan", "-detailed-exitcode", quiet=True)


def test_a_service_that_was_started_again_is_waited_for(terraform, engine):
    terraform.apply()
    container = engine.containers.get(NAME)
    container.stop(timeout=5)
    terraform.apply()
    wait_until_healthy([container.id], 30)
    container.reload()
    assert container.attrs["State"]["Health"]["Status"] == "healthy"
    container.exec_run(["touch", "/ill"])
    deadline = time.monotonic() + 30
    while container.attrs["State"]["Health"]["Status"] == "healthy":
        assert time.monotonic() < deadline
        time.sleep(0.2)
        container.reload()
    with pytest.raises(UserError, match=rf"Not healthy after 2 s: {NAME} \(unhealthy\)"):
        wait_until_healthy([container.id], 2)
