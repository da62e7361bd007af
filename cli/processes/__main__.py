"""`make demo`, `make demo-down`; what is done with the demo: backup, restore, simulate, psql, airflow, dbt.

    python -m cli.processes up
    python -m cli.processes down
    python -m cli.processes backup
    python -m cli.processes restore
    python -m cli.processes simulate
    python -m cli.processes psql|airflow|dbt

The settings are environment variables, which make passes on. `up` takes SCALE, SOURCE_SQL, EXIT, BIKES_STORE_API_URL,
SLACK_WEBHOOK_URL, OPENLINEAGE and, for each port, NAME_PORT (see DEFAULT_PORTS in cli/processes/platform.py). `backup`
takes BACKUP, the folder to make; `restore` takes BACKUP and REPLACE; `simulate` takes SCENARIO, DAYS and SEED. `psql`
takes DB, ROLE and ARGS; `airflow` and `dbt` take ARGS.
"""

from __future__ import annotations

import fcntl
import os
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path

from rich.console import Console

from cli import options
from cli.backup import steps
from cli.console import run_command, when_stopped
from cli.endpoints import OF_PROCESSES, SERVICES_OF_PROCESSES
from cli.errors import UserError
from cli.names import ADMIN
from cli.pages.menu import PAGES, REPORT
from cli.pages.write import refresh_pages
from cli.paths import DEMO_HOME, REPOSITORY
from cli.ports import Claims
from cli.processes import monitoring, operate, platform, postgres, stores
from cli.processes.settings import Settings, load_or_create
from cli.processes.supervisor import Supervisor
from cli.run import run_pipeline
from cli.simulate.command import simulate as play_scenario
from cli.simulate.end_process import end
from cli.stopped import WHEN_STOPPED


class _IsUp(UserError):
    """The demo runs already."""


# What Ctrl-C leaves.
_WHEN_STOPPED = {
    "up": "Stopped. `make demo` goes on with the same data; `make demo-down` removes the data.",
    "down": "Stopped. `make demo-down` removes what is left.",
    **WHEN_STOPPED,
}


def main() -> int:
    commands = {"up": up, "down": down, "backup": backup, "restore": restore, "simulate": simulate}
    commands |= {"psql": psql, "airflow": airflow, "dbt": dbt}
    if len(sys.argv) != 2 or sys.argv[1] not in commands:
        print(f"usage: python -m cli.processes {'|'.join(commands)}", file=sys.stderr)
        return 2
    return run_command(commands[sys.argv[1]], _WHEN_STOPPED[sys.argv[1]])


def up(console: Console) -> int:
    """Start the platform, run the pipeline, show the result. Stays up until somebody stops it, unless EXIT=1."""
    started = time.monotonic()
    environment = os.environ
    scale, dump = options.scale(environment), options.dump(environment)
    open_lineage = options.open_lineage(environment)
    stops = options.is_set(environment, "EXIT")
    DEMO_HOME.mkdir(exist_ok=True)
    with _only_one(DEMO_HOME), Claims() as claims:
        settings = _settings(console, claims)
        with platform.Platform(settings, console) as running:
            running.check_machine(scale, claims)
            running.start(
                scale,
                dump,
                environment.get("BIKES_STORE_API_URL", ""),
                environment.get("SLACK_WEBHOOK_URL", ""),
                open_lineage,
            )
            endpoints = running.endpoints()
            endpoints.write(OF_PROCESSES)
            endpoints.write_services(SERVICES_OF_PROCESSES)
            with when_stopped(_WHEN_STOPPED["up"]):  # the services end, and the run with them
                result = run_pipeline(console, endpoints, running.supervisor.check)
            refresh_pages(console, endpoints, result)
            console.print(f"\nFrom start to end: {time.monotonic() - started:.0f} s.")
            _say_where(console, settings)
            if not stops:
                console.print("\nThe stack stays up. [bold]Ctrl-C[/bold] stops it and keeps its data.")
                platform.wait_until_gone(running.supervisor.check)
                console.print("The stack was stopped.")
    return 0 if result.succeeded else 1


def down(console: Console) -> int:
    """Stop the platform and remove everything it made."""
    removed = platform.remove(DEMO_HOME)
    console.print("The demo is stopped and removed." if removed else "There is no demo to remove.")
    return 0


def backup(console: Console) -> int:
    """Back up the demo, whether it is up or stopped."""
    folder = steps.folder_for_new(os.environ)
    if not postgres.data_directory(DEMO_HOME).exists():
        raise UserError("There is no demo to back up: `make demo` makes one.")
    settings = load_or_create(DEMO_HOME, {}, platform.DEFAULT_PORTS)  # it may be up, so its ports stay
    with ExitStack() as stopped:
        try:
            stopped.enter_context(_only_one(DEMO_HOME))
        except _IsUp:
            found = stores.of(settings)
        else:
            found = stopped.enter_context(stores.started_alone(settings))
        steps.make_backup(console, found, folder)
    return 0


def restore(console: Console) -> int:
    """Restore a backup into the demo, which must be stopped; the next `make demo` goes on with it."""
    backup = steps.open_backup(os.environ)
    DEMO_HOME.mkdir(exist_ok=True)
    with _only_one(DEMO_HOME), Claims() as claims:
        settings = _settings(console, claims)
        with stores.started_alone(settings) as found:
            steps.restore(console, found, backup, options.is_set(os.environ, "REPLACE"), room=DEMO_HOME)
    console.print("`make demo` starts the stack with it.")
    return 0


def simulate(console: Console) -> int:
    """Play a scenario on the demo that is up, or list all scenarios."""

    def end_task(task_id: str) -> bool:
        worker = Supervisor(DEMO_HOME).pid("worker")
        return bool(worker) and end(task_id, worker)

    return play_scenario(console, os.environ, OF_PROCESSES, end_task)


def psql(console: Console) -> int:
    """psql on one of the demo's databases."""
    operate.psql()


def airflow(console: Console) -> int:
    """A command of Airflow in the demo."""
    operate.airflow_command()


def dbt(console: Console) -> int:
    """A command of dbt in the demo."""
    operate.dbt()


def _settings(console: Console, claims: Claims) -> Settings:
    """The settings of this clone's demo, which are made if there is none. No service of it is left then."""
    Supervisor(DEMO_HOME).shutdown()  # a demo that was killed may have left some, and they have ports
    is_free = partial(platform.is_free, claims=claims)
    return load_or_create(DEMO_HOME, os.environ, platform.DEFAULT_PORTS, is_free, console.print)


def _say_where(console: Console, settings: Settings) -> None:
    endpoints = OF_PROCESSES.relative_to(REPOSITORY)
    first, report = ((DEMO_HOME / f"{page}.html").relative_to(REPOSITORY) for page in (PAGES[0], REPORT))
    console.print(f"\nAirflow    [bold]{settings.airflow_url}[/bold]  user {ADMIN}, password in {endpoints}")
    if monitoring.is_available():
        console.print(f"Prometheus [bold]{monitoring.url(settings)}[/bold]")
    console.print(f"Dashboards [bold]{first}[/bold]  open it in a browser; its menu leads to the others")
    console.print(f"Report     [bold]{report}[/bold]  what is above, and how fresh each table is")
    console.print(f"Databases, lake and their passwords: {endpoints}")
    console.print(f"Logs of the services: {(settings.home / 'logs').relative_to(REPOSITORY)}/")


@contextmanager
def _only_one(home: Path) -> Iterator[None]:
    """Refuse a second demo in the same folder. The kernel drops the lock, however this process ends."""
    with (home / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise _IsUp(
                "The demo already runs in another terminal: stop it there with Ctrl-C, or with `make demo-down`."
            ) from None
        yield


if __name__ == "__main__":
    sys.exit(main())
