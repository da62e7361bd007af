"""`make psql`, `make airflow`, `make dbt` for the stack in containers."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Mapping
from typing import Any, NoReturn

from cli import operate
from cli.containers.engine import containers
from cli.errors import UserError
from cli.names import DATABASES

# The containers of the databases.
_CONTAINERS = {"airflow": "airflow-db", "warehouse": "warehouse", "source": "source"}
_WITHOUT_PORT = "airflow"  # on this machine
_PROJECT = "/opt/airflow/dbt/bikes_store_warehouse"
_FOLDER = "/tmp/bikes-store-dbt"  # noqa: S108 - inside the container, where the project is read-only
_NO_DOCKER = "docker is not on the PATH: install Docker's client."


def psql(prefix: str, outputs: Mapping[str, Any], secrets: Mapping[str, str]) -> NoReturn:
    """psql on a database of the stack, see :func:`cli.operate.login`: that of this machine, or of the container.

    :param prefix: what the names of the stack's containers begin with.
    :param outputs: Terraform's.
    """
    wanted, words = operate.login(os.environ), operate.arguments(os.environ)
    name, password = DATABASES[wanted.database], secrets[wanted.secret]
    place = None if wanted.database == _WITHOUT_PORT else outputs["endpoints"][wanted.database]
    # A source elsewhere may have a reader of another name: it is the one whose password we were given.
    role = place["user"] if place and place["secret"] == wanted.secret else wanted.role
    if place and shutil.which("psql"):
        login = operate.libpq(place["host"], place["port"], place["database"], role, password, wanted.options)
        login["PGSSLMODE"] = place["sslmode"] if place["sslmode"] == "disable" else "require"
        operate.become(["psql", *words], {**os.environ, **login}, "psql can't be run.")
    container = f"{prefix}-{_CONTAINERS[wanted.database]}"
    if not _runs(container):
        raise UserError(
            f"psql is not on the PATH, and there is no container {container} that has one: install PostgreSQL's client,"
            " or start the stack with `make up`."
        )
    login = operate.libpq("127.0.0.1", 5432, name, role, password, wanted.options)
    _inside(container, ["psql", *words], login)


def airflow(prefix: str) -> NoReturn:
    """A command of Airflow in the scheduler's container, which has the settings for it."""
    _inside(_scheduler(prefix), ["airflow", *operate.arguments(os.environ)], {})


def dbt(prefix: str, outputs: Mapping[str, Any], secrets: Mapping[str, str]) -> NoReturn:
    """A command of dbt in the scheduler's container, on the stack's warehouse and as the role that builds it."""
    mode = outputs["endpoints"]["warehouse"]["sslmode"]
    variables = {
        **operate.dbt_settings(secrets, _PROJECT, _FOLDER),
        "PGSSLMODE": mode,
    }
    _inside(_scheduler(prefix), ["dbt", *operate.arguments(os.environ)], variables)


def _scheduler(prefix: str) -> str:
    container = f"{prefix}-airflow-scheduler"
    if not _runs(container):
        raise UserError(f"The container {container} does not run: `make up` starts the stack.")
    return container


def _runs(container: str) -> bool:
    return container in containers(container, whole=True)


def _inside(container: str, command: list[str], variables: Mapping[str, str]) -> NoReturn:
    """Run a program in a container. Docker takes the values of variables that are named alone from its environment."""
    terminal = ["--tty"] if sys.stdin.isatty() and sys.stdout.isatty() else []
    named = [word for name in variables for word in ("--env", name)]
    whole = ["docker", "exec", "--interactive", *terminal, *named, container, *command]
    operate.become(whole, {**os.environ, **variables}, _NO_DOCKER)
