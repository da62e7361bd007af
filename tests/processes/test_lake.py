"""The demo's object store."""

from __future__ import annotations

from pathlib import Path

import pytest

from cli.errors import UserError
from cli.processes import lake
from cli.processes.settings import runtime_directory


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
