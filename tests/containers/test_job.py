"""A one-shot container that fails: the apply fails with its log, and runs it again after the cause is removed."""

from __future__ import annotations

import pytest

from cli.containers.terraform import Terraform
from cli.paths import REPOSITORY
from tests.support.doubles.mirror import write_mirror
from tests.support.engine import BASE, need_base

ROOT = """
terraform {
  required_providers {
    docker = { source = "kreuzwerker/docker" }
  }
}

resource "docker_network" "this" {
  name = "bikes-store-test-job"
}

module "job" {
  source   = "%(modules)s/job"
  platform = { name = "bikes-store-test", network = docker_network.this.name }
  name     = "job"
  image    = "%(image)s"
  command  = ["sh", "-c", "test -e /cause/mended || { echo the reason why; exit 3; }"]
  volumes  = [{ container_path = "/cause", host_path = "%(cause)s" }]
}
"""


@pytest.fixture
def terraform(engine, doubles, tmp_path, monkeypatch):
    need_base(engine)
    for name, value in write_mirror(tmp_path).items():
        monkeypatch.setenv(name, value)
    folder, cause = tmp_path / "root", tmp_path / "cause"
    folder.mkdir()
    cause.mkdir()
    values = {"modules": REPOSITORY / "terraform" / "modules", "image": BASE, "cause": cause}
    (folder / "main.tf").write_text(ROOT % values)
    made = Terraform(folder)
    made.run("init", "-no-color", quiet=True)
    monkeypatch.setenv("TF_REATTACH_PROVIDERS", doubles["TF_REATTACH_PROVIDERS"])
    yield made
    made.run("destroy", "-no-color", "-auto-approve", "-refresh=false", quiet=True)


def test_job_that_fails_fails_the_apply_with_its_log_and_is_tried_again(terraform, tmp_path, capfd):
    with pytest.raises(Exception, match="`terraform apply` failed"):
        terraform.apply()
    said = " ".join(capfd.readouterr().err.split())
    assert "job failed (exit code 3). Its log:" in said
    assert "the reason why" in said
    assert "`docker rm bikes-store-test-job` and `terraform apply`" in said
    assert terraform.failed_jobs() == ["module.job.docker_container.this"]

    (tmp_path / "cause" / "mended").touch()
    terraform.apply("-replace=module.job.docker_container.this")
    assert terraform.failed_jobs() == []
