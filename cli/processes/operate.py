"""`make psql`, `make airflow`, `make dbt` for the demo that runs."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import NoReturn

from cli import operate
from cli.errors import UserError
from cli.names import DATABASES
from cli.paths import DBT_PROJECT, DEMO_HOME
from cli.processes import airflow, platform, postgres
from cli.processes.settings import LOOPBACK, Settings, load_or_create
from cli.processes.supervisor import Supervisor

_BIN = Path(sys.prefix) / "bin"


def psql() -> NoReturn:
    """psql on a database of the demo, see :func:`cli.operate.login`."""
    settings, wanted = _running(), operate.login(os.environ)
    found = operate.libpq(
        LOOPBACK,
        settings.ports["postgres"],
        DATABASES[wanted.database],
        wanted.role,
        settings.secrets[wanted.secret],
        wanted.options,
    )
    program = str(postgres.find_binaries() / "psql")
    operate.become([program, *operate.arguments(os.environ)], {**os.environ, **found}, f"{program} can't be run.")


def airflow_command() -> NoReturn:
    """A command of Airflow, with the settings that the demo's processes have."""
    settings = _running()
    command = [str(_BIN / "airflow"), *operate.arguments(os.environ)]
    operate.become(command, {**os.environ, **airflow.environment(settings)}, _missing("airflow"))


def dbt() -> NoReturn:
    """A command of dbt on the demo's warehouse, as the role that builds it."""
    settings, home = _running(), DEMO_HOME / "dbt" / "by-hand"
    # Its folder is not that of the tasks, which may run meanwhile.
    variables = airflow.environment(settings) | operate.dbt_settings(settings.secrets, str(DBT_PROJECT), str(home))
    command = [str(_BIN / "dbt"), *operate.arguments(os.environ)]
    operate.become(command, {**os.environ, **variables}, _missing("dbt"))


def _running() -> Settings:
    """The settings of the demo that runs.

    :raises UserError: when none does.
    """
    if not (DEMO_HOME / "settings.json").exists() or not Supervisor(DEMO_HOME).is_running():
        raise UserError("No stack is up: `make demo` or `make up` starts one.")
    return load_or_create(DEMO_HOME, {}, platform.DEFAULT_PORTS)


def _missing(program: str) -> str:
    return f"{_BIN / program} is not there: `make install` brings it."
