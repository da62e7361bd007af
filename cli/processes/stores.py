"""The demo's databases and lake, without the rest of it: for backup and restore."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from cli.backup.database import Database
from cli.backup.lake import Bucket
from cli.backup.steps import Stores
from cli.console import uninterrupted
from cli.database import psql_of
from cli.names import BUCKETS, DATABASES
from cli.processes import databases, lake, platform, postgres
from cli.processes.settings import Settings
from cli.processes.supervisor import Supervisor


def of(settings: Settings) -> Stores:
    """Where they are, and how to log in."""
    client, folder = lake.client(settings), str(postgres.find_binaries())

    def database(name: str) -> Database:
        return Database(name, psql_of(settings.dsn(DATABASES[name])).connection, folder)

    buckets = [Bucket(kind, client, name) for kind, name in BUCKETS.items()]
    return Stores(database("airflow"), database("warehouse"), buckets, settings.secrets["airflow_fernet_key"])


@contextmanager
def started_alone(settings: Settings) -> Iterator[Stores]:
    """Start them in a demo that is stopped or was never started; they are stopped at the end.

    :raises UserError: when a port of theirs is taken, or one of them does not start.
    """
    supervisor = Supervisor(settings.home)
    supervisor.shutdown()  # a demo that was killed may have left services
    platform.check_ports(settings, (*postgres.PORTS, *lake.PORTS))
    try:
        postgres.create_cluster(settings)
        services = [postgres.service(settings), lake.service(settings)]
        supervisor.start_daemon(services)
        supervisor.start(*(service.name for service in services))
        supervisor.wait_ready(*(service.name for service in services), seconds=60)
        databases.prepare_airflow(settings)
        databases.prepare_warehouse(settings)
        lake.create_buckets(settings)
        yield of(settings)
    finally:
        with uninterrupted(platform.AT_SECOND_STOP):
            supervisor.shutdown()
