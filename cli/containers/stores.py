"""The databases and the lake of a stack in containers: for backup and restore.

The metadata database has no port on this machine, and this machine may have no PostgreSQL. So PostgreSQL's programs run
in the containers of the databases.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

from cli.backup.database import Database
from cli.backup.lake import Bucket
from cli.backup.steps import Stores
from cli.containers.engine import containers, docker
from cli.endpoints import Endpoints
from cli.errors import UserError
from cli.names import BUCKETS, DATABASES, SUPERUSER

# They write to the stores, or read them all the time.
_AIRFLOW = re.compile(r"-airflow-(scheduler|webserver|triggerer|worker-\d+)$")
# They bring what was restored up to date: an older release may have made it.
_JOBS = ("warehouse-prepare", "airflow-init")
_SERVER = {"PGHOST": "127.0.0.1", "PGPORT": "5432"}  # as a program in its container sees it


def of(prefix: str, endpoints: Endpoints, secrets: dict[str, str]) -> Stores:
    """Where they are, and how to log in.

    :param prefix: what the names of the stack's containers begin with.
    :raises UserError: when Docker can't be asked, or the stack is not up.
    """
    running = containers(f"{prefix}-")
    airflow, warehouse = f"{prefix}-airflow-db", f"{prefix}-warehouse"
    if airflow not in running:
        raise UserError(f"The container {airflow} does not run: `make up` starts the stack.")

    def inside(name: str, user: str, secret: str, container: str) -> Database:
        login = {"PGUSER": user, "PGPASSWORD": secrets[secret], "PGDATABASE": DATABASES[name]}
        return Database(name, {**_SERVER, **login}, container=container)

    metadata = inside("airflow", DATABASES["airflow"], "airflow_db_password", airflow)
    if warehouse not in running:
        raise UserError(
            f"The container {warehouse} does not run. Start it with `make up`; a warehouse elsewhere is backed up and"
            " restored there, by its owner (docs/backup.md)."
        )
    data = inside("warehouse", SUPERUSER, "warehouse_admin_password", warehouse)
    client = endpoints.lake()
    buckets = [Bucket(kind, client, name) for kind, name in BUCKETS.items()]
    return Stores(metadata, data, buckets, secrets["airflow_fernet_key"])


@contextmanager
def airflow_stopped(prefix: str) -> Iterator[None]:
    """Stop Airflow's processes. At the end, prepare what was restored, and start them again: after an error too.

    :raises UserError: when Docker refuses, or one of the preparing steps fails.
    """
    stopped = [name for name in containers(f"{prefix}-") if _AIRFLOW.search(name)]
    docker("stop", *stopped)
    try:
        yield
        there = containers(f"{prefix}-", "--all")
        for job in (f"{prefix}-{job}" for job in _JOBS):
            if job in there:
                docker("start", "--attach", job)
    finally:
        docker("start", *stopped)
