"""The demo's data lake: SeaweedFS, an object store that speaks S3. https://github.com/seaweedfs/seaweedfs"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import boto3
from botocore.config import Config

from bikes_store.lake import BUCKET
from demo.settings import LOOPBACK, DemoError, Settings, port_variable, runtime_directory, write_private
from demo.supervisor import Service

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

REGION = "us-east-1"
BUCKETS = ("airflow-logs", BUCKET)
_INNER_SOCKETS = Path("/tmp")  # noqa: S108 - where SeaweedFS puts them


def service(settings: Settings) -> Service:
    """SeaweedFS with all its parts in one process, and one user that may do everything."""
    home = settings.home / "lake"
    (home / "data").mkdir(parents=True, exist_ok=True)
    users = home / "s3.json"
    write_private(users, json.dumps(_users(settings)))
    options: dict[str, object] = {
        "dir": home / "data",
        "ip": LOOPBACK,
        "ip.bind": LOOPBACK,
        "s3.config": users,
        # By default these are named for the port alone, and one that another user left behind ends the service.
        "s3.localSocket": runtime_directory(settings.home) / "s3.sock",
        "filer.localSocket": runtime_directory(settings.home) / "filer.sock",
        "s3.autoCreateBucket": "false",  # a wrong bucket name is an error, as it is in any other S3
        "master.telemetry": "false",
        "webdav": "false",
        "admin.ui": "false",
        "s3.port.iceberg": 0,
        "s3.port.lance": 0,
    }
    for part in ("master", "volume", "filer"):
        options[f"{part}.port"] = settings.ports[f"s3_{part}"]
        options[f"{part}.port.grpc"] = settings.ports[f"s3_{part}_grpc"]
    options["s3.port"] = settings.ports["s3"]
    options["s3.port.grpc"] = settings.ports["s3_grpc"]
    weed = Path(sys.prefix) / "bin" / "weed"
    return Service(
        "lake",
        [str(weed), "-logtostderr", "mini", *(f"-{name}={value}" for name, value in options.items())],
        ready=lambda: bool(client(settings).list_buckets()),
        environment={"GOMEMLIMIT": "256MiB"},
    )


def check_sockets(settings: Settings, folder: Path = _INNER_SOCKETS) -> None:
    """SeaweedFS names its inner sockets for their ports and has no setting for where they are.

    :raises DemoError: when a demo of another user, which was killed, left one behind that is in the way.
    """
    for part in ("master", "volume", "filer"):
        name = f"s3_{part}_grpc"
        socket = folder / f"seaweedfs-{part}-grpc-{settings.ports[name]}.sock"
        if socket.exists() and socket.stat().st_uid != os.getuid() and os.getuid() != 0:
            raise DemoError(
                f"{socket} was left behind by {socket.owner()}: have it removed, or take another port with"
                f" `make demo {port_variable(name)}=…` after `make demo-down`."
            )


def client(settings: Settings) -> S3Client:
    """A client of the demo's lake."""
    return connect(settings.s3_endpoint, settings.secrets["s3_access_key"], settings.secrets["s3_secret_key"])


def connect(endpoint: str, access_key: str, secret_key: str) -> S3Client:
    """A client of a lake anywhere."""
    return boto3.client(
        "s3",
        endpoint_url=endpoint,
        region_name=REGION,
        aws_access_key_id=access_key,
        aws_secret_access_key=secret_key,
        config=Config(connect_timeout=5, read_timeout=30, retries={"max_attempts": 2}),
    )


def create_buckets(settings: Settings) -> None:
    """Make the buckets that are not there."""
    s3 = client(settings)
    there = {bucket["Name"] for bucket in s3.list_buckets()["Buckets"]}
    for name in BUCKETS:
        if name not in there:
            s3.create_bucket(Bucket=name)


def _users(settings: Settings) -> dict[str, object]:
    key = {"accessKey": settings.secrets["s3_access_key"], "secretKey": settings.secrets["s3_secret_key"]}
    actions = ["Admin", "Read", "List", "Tagging", "Write"]
    return {"identities": [{"name": "pipeline", "credentials": [key], "actions": actions}]}
