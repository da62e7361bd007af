"""The whole demo: its services, the order in which they start, the steps in between."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from rich.console import Console

from cli.console import uninterrupted
from cli.endpoints import Endpoints
from cli.errors import UserError
from cli.names import ADMIN, LAKE_ACCESS_KEY
from cli.ports import Claims, is_taken
from cli.processes import airflow, broker, currency_api, databases, lake, monitoring, postgres
from cli.processes.settings import Settings, check_free
from cli.processes.supervisor import Gone, Supervisor

#: The port of each service. An environment variable NAME_PORT changes it, for instance AIRFLOW_PORT=9090.
DEFAULT_PORTS: dict[str, int] = {
    **airflow.PORTS,
    **postgres.PORTS,
    **broker.PORTS,
    **currency_api.PORTS,
    **lake.PORTS,
    **monitoring.PORTS,
}

#: What a Ctrl-C says that comes while the services are stopped.
AT_SECOND_STOP = "The services are being stopped, which takes some seconds."

# What a first run writes: databases, objects, logs (measured: 0.6 GB at scale 1, 0.25 GB more for each further scale).
DISK_BASE = 1.5e9
DISK_PER_SCALE = 0.5e9
# What its processes take together (measured at scale 1: 2.4 GB, a page that several share counted once).
MEMORY = 2.5e9


class Platform:
    """The services of one demo. At the end of a ``with`` block they are stopped; their data stays."""

    def __init__(self, settings: Settings, console: Console) -> None:
        self.settings = settings
        self.supervisor = Supervisor(settings.home)
        self._console = console

    def __enter__(self) -> Platform:
        return self

    def __exit__(self, *_: object) -> None:
        with uninterrupted(AT_SECOND_STOP, self._console.print):
            self.supervisor.shutdown()

    def check_machine(self, scale: int, claims: Claims | None = None) -> None:
        """Check that this machine has what the demo needs.

        :param claims: what this command has claimed of the machine's ports.
        :raises UserError: for the first thing that it lacks.
        """
        postgres.find_binaries()
        check_ports(self.settings, self.settings.ports, claims)
        lake.check_sockets(self.settings)
        needed = DISK_BASE + scale * DISK_PER_SCALE
        free = shutil.disk_usage(self.settings.home).free
        if free < needed:
            raise UserError(
                f"{self.settings.home} has {free / 1e9:.1f} GB free; the demo needs {needed / 1e9:.1f} GB there."
            )

    def start(
        self,
        scale: int,
        dump: Path | None,
        currency_url: str,
        slack_webhook: str,
        open_lineage: Mapping[str, object] | None = None,
    ) -> None:
        """Start everything, in an empty folder or with what an earlier demo left there."""
        settings, supervisor = self.settings, self.supervisor
        airflow.create_directories(settings)
        with self._step("PostgreSQL cluster"):
            postgres.create_cluster(settings)
        basis = [postgres.service(settings), lake.service(settings), broker.service(settings)]
        basis += [currency_api.service(settings), *monitoring.services(settings)]
        processes = airflow.services(settings, open_lineage)
        monitoring.write_targets(settings, [*basis, *processes])
        supervisor.start_daemon([*basis, *processes])
        with self._step(", ".join(service.name for service in basis)):
            supervisor.start(*(service.name for service in basis))
            supervisor.wait_ready(*(service.name for service in basis), seconds=60)
        names = [service.name for service in processes]
        with threads() as pool:
            # What the first tasks need is made while Airflow starts. Airflow itself waits for its tables, and for
            # dbt's manifest: without it the scheduler could not read one of the DAG files.
            prepared = pool.submit(self._prepare_airflow, currency_url or currency_api.url(settings), slack_webhook)
            manifest = pool.submit(airflow.parse_dbt_project, settings)
            warehouse = pool.submit(databases.prepare_warehouse, settings)
            source = pool.submit(databases.prepare_source, settings, scale, dump)
            with self._step("Airflow's tables, connections, variables, user; dbt's manifest; warehouse; buckets"):
                lake.create_buckets(settings)
                for step in (warehouse, manifest, prepared):
                    step.result()
                if source.done():
                    source.result()  # a dump that can't be used has failed by now
            with self._step("source's rows; " + ", ".join(names)):
                supervisor.start(*names)
                supervisor.wait_ready(*names, seconds=180)
                source.result()

    def endpoints(self) -> Endpoints:
        """The addresses and logins of this stack."""
        settings = self.settings
        return Endpoints(
            airflow_url=settings.airflow_url,
            airflow_user=ADMIN,
            airflow_password=settings.secrets["airflow_admin_password"],
            source_dsn=settings.source_dsn,
            warehouse_dsn=settings.warehouse_dsn,
            lake_endpoint=settings.lake_endpoint,
            lake_access_key=LAKE_ACCESS_KEY,
            lake_secret_key=settings.secrets["lake_secret_key"],
            prometheus_url=monitoring.url(settings) if monitoring.is_available() else "",
        )

    def _prepare_airflow(self, currency_url: str, slack_webhook: str) -> None:
        databases.prepare_airflow(self.settings)
        airflow.prepare(self.settings, currency_url, slack_webhook)

    @contextmanager
    def _step(self, name: str) -> Iterator[None]:
        started = time.monotonic()
        with self._console.status(name):
            yield
        self._console.print(f"[green]✓[/green] {name} [dim]{time.monotonic() - started:.1f} s[/dim]")


@contextmanager
def threads() -> Iterator[ThreadPoolExecutor]:
    """Threads for steps that run side by side.

    After an error or Ctrl-C nobody waits for the steps that still run: they end when the services do.
    """
    pool = ThreadPoolExecutor()
    try:
        yield pool
    except BaseException:
        pool.shutdown(wait=False, cancel_futures=True)
        raise
    pool.shutdown()


def remove(home: Path) -> bool:
    """Stop what runs and remove everything that the demo made; returns whether there was anything."""
    # Even if the folder is gone, its services may still run and it may have files elsewhere.
    Supervisor(home).shutdown()
    had_cluster = postgres.remove_cluster(home)
    if home.exists():
        shutil.rmtree(home)
        return True
    return had_cluster


def wait_until_gone(condition: Callable[[], None]) -> None:
    """Call a check until supervisord is gone, because somebody else ended it: the check then raises Gone."""
    try:
        while True:
            condition()
            time.sleep(2)
    except Gone:
        return


def check_ports(settings: Settings, names: Iterable[str], claims: Claims | None = None) -> None:
    """Check that services of the demo can have their ports.

    :raises UserError: when another program holds some; the message says who, and how to take other ports.
    """
    wanted = {name: settings.ports[name] for name in names}
    check_free(wanted, settings.ports, partial(is_free, claims=claims))


def is_free(name: str, port: int, claims: Claims | None = None) -> bool:
    """Whether a service of the demo can have a port. If so, it is claimed until the command ends."""
    return not is_taken(port, udp=name in monitoring.UDP) and (claims is None or claims.claim(port))
