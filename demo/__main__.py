"""`make demo`, `make run-pipeline` and `make demo-down`.

    python -m demo up
    python -m demo run
    python -m demo down

What they do is set by the environment, as make passes it on. `up`: SCALE, SOURCE_SQL, EXIT, BIKES_STORE_API_URL,
SLACK_WEBHOOK_URL and, for each port, NAME_PORT (see demo/settings.py). `run`: DATE, ENDPOINTS.
"""

from __future__ import annotations

import fcntl
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import date
from pathlib import Path

from rich.console import Console
from rich.markup import escape

from demo import airflow, monitoring, pipeline, report, stack
from demo.endpoints import Endpoints
from demo.progress import show_progress
from demo.sales_page import write_sales_page
from demo.settings import REPOSITORY, DemoError, Settings, load_or_create

HOME = REPOSITORY / ".demo"
_LOG_WIDTH = 110  # of output that goes to a file or a CI's log


def main() -> int:
    console = Console(highlight=False, width=None if sys.stdout.isatty() else _LOG_WIDTH)
    commands = {"up": up, "run": run, "down": down}
    if len(sys.argv) != 2 or sys.argv[1] not in commands:
        print("usage: python -m demo up|run|down", file=sys.stderr)
        return 2
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        return commands[sys.argv[1]](console, os.environ)
    except DemoError as error:
        console.print(f"[bold red]✗[/bold red] {escape(str(error))}")
        return 1
    except KeyboardInterrupt:
        console.print("Stopped. `make demo` goes on with the data that is there; `make demo-down` removes it.")
        return 130


def up(console: Console, environment: Mapping[str, str]) -> int:
    """Stand the stack up, run the pipeline, show what came of it; stay until told to stop, unless EXIT=1."""
    started = time.monotonic()
    scale, dump, stays = _scale(environment), _dump(environment), not _is_set(environment, "EXIT")
    HOME.mkdir(exist_ok=True)
    with _only_one(HOME):
        settings = load_or_create(HOME, environment)
        with stack.Stack(settings, console) as running:
            running.supervisor.shutdown()  # of a demo that was killed before it could tidy up
            running.check_machine(scale)
            running.start(
                scale, dump, environment.get("BIKES_STORE_API_URL", ""), environment.get("SLACK_WEBHOOK_URL", "")
            )
            endpoints = running.endpoints()
            endpoints.write(HOME / "endpoints.json")
            succeeded = run_pipeline(console, endpoints, running.supervisor.check)
            if succeeded:
                write_sales_page(HOME / "sales.html", endpoints.warehouse_dsn)
            console.print(f"\nFrom start to end: {time.monotonic() - started:.0f} s.")
            _say_where(console, settings, succeeded)
            if stays:
                console.print("\nThe stack stays up. [bold]Ctrl-C[/bold] stops it and keeps its data.")
                stack.wait_until_gone(running.supervisor.check)
                console.print("The stack was stopped.")
    return 0 if succeeded else 1


def run_pipeline(
    console: Console, endpoints: Endpoints, watch: Callable[[], None] = lambda: None, day: date | None = None
) -> bool:
    """Run both DAGs and show the report; returns whether both succeeded and every count agrees.

    :param watch: called now and then; raises when it is no use to go on.
    :param day: the day to run, or run again; without one, the latest complete day.
    """
    client = pipeline.Airflow(endpoints.airflow_url, endpoints.airflow_user, endpoints.airflow_password)
    pipeline.wait_for_dags(client)
    run_id = pipeline.start_run(client, day)
    tasks = show_progress(console, client, run_id, watch)
    if tasks is None:
        return False
    result = report.make_report(endpoints, run_id)
    report.show(console, result, report.stages(tasks))
    if result.agree:
        console.print("[green]✓[/green] Both runs succeeded; source, lake, staging and warehouse agree.")
    else:
        console.print("[bold red]✗[/bold red] Both runs succeeded, but the rows marked red do not agree.")
    return result.agree


def run(console: Console, environment: Mapping[str, str]) -> int:
    """Run both DAGs on the stack that is up, whichever it is."""
    endpoints = Endpoints.read(_endpoints_file(environment))
    return 0 if run_pipeline(console, endpoints, day=_day(environment)) else 1


def _endpoints_file(environment: Mapping[str, str]) -> Path:
    """The file that ENDPOINTS names, else of the stack in containers when that one is up, else the demo's."""
    if named := environment.get("ENDPOINTS"):
        return Path(named)
    containers = REPOSITORY / "terraform" / "endpoints.json"
    return containers if containers.exists() else HOME / "endpoints.json"


def down(console: Console, _: Mapping[str, str]) -> int:
    """Stop the stack and remove everything it made."""
    console.print("The demo is stopped and removed." if stack.remove(HOME) else "There is no demo to remove.")
    return 0


def _say_where(console: Console, settings: Settings, has_sales: bool) -> None:
    endpoints = (settings.home / "endpoints.json").relative_to(REPOSITORY)
    console.print(f"\nAirflow    [bold]{settings.airflow_url}[/bold]  user {airflow.USER}, password in {endpoints}")
    if monitoring.is_available():
        console.print(f"Prometheus [bold]{monitoring.url(settings)}[/bold]")
    if has_sales:
        console.print(f"Sales      [bold]{(HOME / 'sales.html').relative_to(REPOSITORY)}[/bold]  open it in a browser")
    console.print(f"Databases, lake and their passwords: {endpoints}")
    console.print(f"Logs of the services: {(settings.home / 'logs').relative_to(REPOSITORY)}/")


@contextmanager
def _only_one(home: Path) -> Iterator[None]:
    """Keep a second demo in the same folder away; the kernel drops the lock whatever ends this process."""
    with (home / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise DemoError(
                "The demo already runs in another terminal: stop it there with Ctrl-C, or with `make demo-down`."
            ) from None
        yield


def _scale(environment: Mapping[str, str]) -> int:
    text = environment.get("SCALE") or "1"
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= 1000:
        raise DemoError(f"SCALE={text} must be a whole number from 1 to 1000: how many times the orders are made.")
    return int(text)


def _dump(environment: Mapping[str, str]) -> Path | None:
    text = environment.get("SOURCE_SQL")
    if not text:
        return None
    path = Path(text).expanduser()
    if not path.is_file():
        raise DemoError(f"SOURCE_SQL={text} is not a file.")
    return path.resolve()


def _day(environment: Mapping[str, str]) -> date | None:
    text = environment.get("DATE")
    if not text:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise DemoError(f"DATE={text} is not a day: write it as YYYY-MM-DD.") from None


def _is_set(environment: Mapping[str, str], name: str) -> bool:
    return environment.get(name, "").lower() not in ("", "0", "false", "no")


def _interrupt(*_: object) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main())
