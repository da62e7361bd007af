"""What the demo's databases hold before the first run: the source's rows, the warehouse's staging area, the roles."""

from __future__ import annotations

import json
from pathlib import Path

from psycopg2 import sql

from cli.database import connect
from cli.errors import UserError
from cli.names import DATABASES, ROLES
from cli.paths import REPOSITORY
from cli.processes.postgres import create_database, create_role, psql
from cli.processes.settings import Settings
from source.errors import FillError
from source.fill import fill
from source.psql import PsqlError


def prepare_airflow(settings: Settings) -> None:
    """Make an empty database for Airflow's metadata. A role of the same name owns it; no other may connect to it."""
    name = DATABASES["airflow"]
    create_role(settings, name, settings.secrets["airflow_db_password"])
    create_database(settings, name, owner=name)
    with connect(settings.dsn(name)) as connection, connection.cursor() as cursor:
        cursor.execute(sql.SQL("REVOKE CONNECT ON DATABASE {} FROM public").format(sql.Identifier(name)))


def prepare_source(settings: Settings, scale: int, dump: Path | None) -> bool:
    """Make and fill the transaction database, unless it exists; returns whether it was filled now.

    :param scale: how many times the orders of AdventureWorks the generator makes.
    :param dump: an SQL file (as pg_dump writes it) to use instead of the generator.
    :raises UserError: when the dump or the generator fails; the next try starts again from nothing.
    """
    create_database(settings, DATABASES["source"])
    try:
        return fill(psql(settings.source_dsn), scale, dump, settings.passwords(*ROLES["source"]))
    except (FillError, PsqlError) as error:
        raise UserError(str(error)) from error


def prepare_warehouse(settings: Settings) -> None:
    """Make the warehouse with its staging area and roles, or bring an older one up to date.

    :raises UserError: when an SQL file fails; the message is psql's own.
    """
    create_database(settings, DATABASES["warehouse"])
    folder = REPOSITORY / "warehouse"
    roles = json.dumps(settings.passwords(*ROLES["warehouse"]))
    try:
        psql(settings.warehouse_dsn).run(folder / "staging.sql", folder / "roles.sql", environment={"ROLES": roles})
    except PsqlError as error:
        raise UserError(str(error)) from error
