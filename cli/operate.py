"""What `make psql`, `make airflow` and `make dbt` share: their settings, and how the program takes this process' place.

The program gets the terminal, its Ctrl-C and its exit code are those of the command, and no password stands in its
arguments, which everybody on the machine can read: it comes in the environment.
"""

from __future__ import annotations

import os
import shlex
import sys
from collections.abc import Mapping, Sequence
from typing import NamedTuple, NoReturn

from cli.errors import UserError
from cli.names import DATABASES, ROLES, password_of

# The role that people read each database with, if they name no other. Airflow's has one role only.
_READERS = {"warehouse": "reporter", "source": "source_reader"}
_OWNED = "airflow"


class Login(NamedTuple):
    """A database as the platform calls it, a role, the name of the role's secret, and options of libpq's sessions."""

    database: str
    role: str
    secret: str
    options: str = ""


def login(environment: Mapping[str, str]) -> Login:
    """Read DB, the database to look into, and ROLE, another role than that which people read it with.

    The metadata of Airflow has one role, which may do everything: its sessions begin as read-only ones.

    :raises UserError: when there is no such database, or no such role there.
    """
    name = environment.get("DB") or "warehouse"
    if name not in (*_READERS, _OWNED):
        raise UserError(f"DB={name} is no database of the platform: give one of {', '.join((*_READERS, _OWNED))}.")
    roles = [DATABASES[_OWNED]] if name == _OWNED else ROLES[name]
    role = environment.get("ROLE") or _READERS.get(name, DATABASES[_OWNED])
    if role not in roles:
        raise UserError(f"ROLE={role} is no role of the database {name}: give one of {', '.join(roles)}.")
    if name == _OWNED:
        return Login(name, role, f"{_OWNED}_db_password", "-c default_transaction_read_only=on")
    return Login(name, role, password_of(role))


def arguments(environment: Mapping[str, str]) -> list[str]:
    """Read ARGS, the arguments of the program, as a shell would split them.

    :raises UserError: when a quote has no end.
    """
    text = environment.get("ARGS", "")
    try:
        return shlex.split(text)
    except ValueError as error:
        raise UserError(f"ARGS={text} can't be split into words: {str(error).lower()}.") from None


def become(command: Sequence[str], environment: Mapping[str, str], missing: str) -> NoReturn:
    """Run a program in this process' place.

    :param environment: all of its environment.
    :param missing: the sentence for a program that is not there.
    :raises UserError: when it is not there, or may not be run.
    """
    sys.stdout.flush()
    try:
        os.execvpe(command[0], list(command), dict(environment))  # noqa: S606 - no shell is wanted
    except OSError:
        raise UserError(missing) from None


def dbt_settings(secrets: Mapping[str, str], project: str, folder: str) -> dict[str, str]:
    """How dbt logs in to the warehouse, as the role that builds it, and where it reads and writes.

    :param project: the folder of dbt's project.
    :param folder: for what it writes.
    """
    return {
        "DBT_USER": "dbt",
        "DBT_PASSWORD": secrets[password_of("dbt")],
        "DBT_PROJECT_DIR": project,
        "DBT_PROFILES_DIR": project,
        "DBT_TARGET_PATH": f"{folder}/target",
        "DBT_LOG_PATH": f"{folder}/logs",
    }


def libpq(host: str, port: object, database: str, user: str, password: str, options: str = "") -> dict[str, str]:
    """A login as libpq's programs read it from the environment.

    https://www.postgresql.org/docs/current/libpq-envars.html
    """
    made = {"PGHOST": host, "PGPORT": str(port), "PGDATABASE": database, "PGUSER": user, "PGPASSWORD": password}
    return made | ({"PGOPTIONS": options} if options else {})
