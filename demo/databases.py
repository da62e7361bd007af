"""What the demo's databases hold before the first run: the source's rows, the warehouse's staging area, the roles."""

from __future__ import annotations

from pathlib import Path

from demo import airflow
from demo.postgres import (
    AIRFLOW_DATABASE,
    SOURCE_DATABASE,
    WAREHOUSE_DATABASE,
    create_database,
    create_role,
    environment_of,
    find_binaries,
    psql,
)
from demo.settings import REPOSITORY, DemoError, Settings
from source.fill import FillError, fill
from source.psql import PsqlError


def prepare_airflow(settings: Settings) -> None:
    """An empty database for Airflow's metadata, owned by a role of its own."""
    create_role(settings, airflow.DATABASE_USER, settings.secrets["airflow_db_password"])
    create_database(settings, AIRFLOW_DATABASE, airflow.DATABASE_USER)


def prepare_source(settings: Settings, scale: int, dump: Path | None) -> bool:
    """Make and fill the transaction database, unless it is there; returns whether it was filled now.

    :param scale: how many times the orders of AdventureWorks the generator makes.
    :param dump: an SQL file (as pg_dump writes it) to take instead of the generator.
    :raises DemoError: when the dump or the generator fails; the next try starts again from nothing.
    """
    create_database(settings, SOURCE_DATABASE)
    connection = environment_of(settings.source_dsn)
    program = str(find_binaries() / "psql")
    try:
        return fill(connection, scale, dump, airflow.role_variables(settings), program)
    except (FillError, PsqlError) as error:
        raise DemoError(str(error)) from error


def prepare_warehouse(settings: Settings) -> None:
    """Make the warehouse with its staging area and roles, or bring an older one up to date."""
    create_database(settings, WAREHOUSE_DATABASE)
    folder = REPOSITORY / "warehouse"
    variables = airflow.role_variables(settings)
    psql(settings.warehouse_dsn, folder / "staging.sql", folder / "roles.sql", environment=variables)
