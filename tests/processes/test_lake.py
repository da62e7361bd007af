"""The demo's object store."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from cli.errors import UserError
from cli.processes import lake
from cli.processes.settings import Settings, generate_secrets, runtime_directory
from cli.processes.supervisor import Supervisor
from tests.support.ports import free_ports

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


def test_sockets_are_in_the_demos_own_folder(services, s3):
    """If two users take the same port one after the other, neither meets the other's socket."""
    assert (runtime_directory(services.settings.home) / "s3.sock").is_socket()
    port = services.settings.ports["s3"]
    assert not Path(f"/tmp/seaweedfs-s3-{port}.sock").exists()  # noqa: S108 - the store's own default, not ours


def test_socket_left_behind_by_somebody_else_is_named(services, tmp_path, monkeypatch):
    port = services.settings.ports["s3_master_grpc"]
    left = tmp_path / f"seaweedfs-master-grpc-{port}.sock"
    left.touch()
    lake.check_sockets(services.settings, tmp_path)
    monkeypatch.setattr(lake.os, "getuid", lambda: left.stat().st_uid + 1)
    with pytest.raises(UserError, match=r"was left behind by .*: ask for its removal, or take .* S3_MASTER_GRPC_PORT"):
        lake.check_sockets(services.settings, tmp_path)


def test_bucket_that_does_not_exist_is_not_made(s3):
    """Other tests have buckets of their own in this store, so only what this test does is looked at."""
    with pytest.raises(s3.exceptions.NoSuchBucket):
        s3.put_object(Bucket="bikes-stores", Key="x", Body=b"x")
    names = {bucket["Name"] for bucket in s3.list_buckets()["Buckets"]}
    assert names >= {"airflow-logs", "bikes-store"}
    assert "bikes-stores" not in names


@contextmanager
def running(settings: Settings) -> Iterator[S3Client]:
    supervisor = Supervisor(settings.home)
    supervisor.start_daemon([lake.service(settings)])
    try:
        supervisor.start("lake")
        supervisor.wait_ready("lake", seconds=60)
        yield lake.client(settings)
    finally:
        supervisor.shutdown()


def test_objects_stay_when_all_its_ports_change(tmp_path):
    """As with `make demo S3_PORT=…` on a demo that is there."""
    secrets = generate_secrets()
    before, after = (Settings(tmp_path, free_ports(), secrets) for _ in range(2))
    with running(before) as s3:
        lake.create_buckets(before)
        s3.put_object(Bucket="bikes-store", Key="a/b", Body=b"x" * 100_000)
    with running(after) as s3:
        assert s3.get_object(Bucket="bikes-store", Key="a/b")["Body"].read() == b"x" * 100_000
        s3.put_object(Bucket="airflow-logs", Key="c", Body=b"new")
        assert s3.get_object(Bucket="airflow-logs", Key="c")["Body"].read() == b"new"
        assert [each["Name"] for each in s3.list_buckets()["Buckets"]] == ["airflow-logs", "bikes-store"]
