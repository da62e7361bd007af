"""The demo's data lake: SeaweedFS, an object store that speaks S3. https://github.com/seaweedfs/seaweedfs"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from cli.errors import UserError
from cli.files import write_private
from cli.lake import connect
from cli.names import BUCKETS, LAKE_ACCESS_KEY
from cli.processes.settings import LOOPBACK, Settings, port_variable, runtime_directory
from cli.processes.supervisor import Service

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

PORTS = {
    "s3": 8333,
    "s3_grpc": 18333,
    # Parts of the object store. Each also listens on a second port, for gRPC.
    "s3_master": 19333,
    "s3_volume": 19340,
    "s3_filer": 18888,
    "s3_master_grpc": 19334,
    "s3_volume_grpc": 19341,
    "s3_filer_grpc": 18889,
}
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
        # By default, only the port names these sockets. A socket that another user left behind would stop the service.
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
        # Below this it collects garbage all the time: with 256 MiB it took four times the processor time.
        environment={"GOMEMLIMIT": "768MiB"},
        # Its filer waits ten seconds for connections that nobody uses any more. What it has answered is written.
        stop_seconds=3,
    )


def check_sockets(settings: Settings, folder: Path = _INNER_SOCKETS) -> None:
    """Check that no socket of another user is in the way.

    SeaweedFS names its inner sockets by their ports, and has no setting for their folder.

    :raises UserError: when a demo of another user was killed and left such a socket behind.
    """
    for part in ("master", "volume", "filer"):
        name = f"s3_{part}_grpc"
        socket = folder / f"seaweedfs-{part}-grpc-{settings.ports[name]}.sock"
        if socket.exists() and socket.stat().st_uid != os.getuid() and os.getuid() != 0:
            raise UserError(
                f"{socket} was left behind by {socket.owner()}: ask for its removal, or take another port with"
                f" `make demo {port_variable(name)}=…`."
            )


def client(settings: Settings) -> S3Client:
    """A client of the demo's lake."""
    return connect(settings.lake_endpoint, LAKE_ACCESS_KEY, settings.secrets["lake_secret_key"])


def create_buckets(settings: Settings) -> None:
    """Make the buckets that are not there."""
    s3 = client(settings)
    there = {bucket["Name"] for bucket in s3.list_buckets()["Buckets"]}
    for name in BUCKETS.values():
        if name not in there:
            s3.create_bucket(Bucket=name)


def _users(settings: Settings) -> dict[str, object]:
    key = {"accessKey": LAKE_ACCESS_KEY, "secretKey": settings.secrets["lake_secret_key"]}
    actions = ["Admin", "Read", "List", "Tagging", "Write"]
    return {"identities": [{"name": LAKE_ACCESS_KEY, "credentials": [key], "actions": actions}]}
