"""What the demo's databases hold before the first run: the source's rows, the warehouse's staging area, the roles."""

from __future__ import annotations

import re
from pathlib import Path

from bikes_store.tables import TABLES
from demo import airflow, currency_api
from demo.postgres import (
    AIRFLOW_DATABASE,
    SOURCE_DATABASE,
    WAREHOUSE_DATABASE,
    connect,
    create_database,
    create_role,
    psql,
    query,
)
from demo.settings import REPOSITORY, DemoError, Settings

# What a dump made elsewhere may say that does not matter here: the roles and settings of its own server, and what
# every new database already has.
_HARMLESS = (
    r'role "[^"]*" does not exist',
    r'unrecognized configuration parameter "[^"]*"',
    r'schema "public" already exists',
    r'(database|extension) "[^"]*" already exists',
    r'extension "[^"]*" is not available',
    r"must be owner of extension [^ ]*",
    r'could not open extension control file "[^"]*": No such file or directory',
    r'extension "[^"]*" does not exist',
)
_ERROR = re.compile(r"^psql:(?P<file>.*?):(?P<line>\d+): ERROR: +(?P<text>.*)$", re.MULTILINE)
_FIND = "SELECT name, to_regclass(name) FROM unnest(ARRAY[{}]) AS name"
_FILLED = "demo: filled"


def prepare_airflow(settings: Settings) -> None:
    """An empty database for Airflow's metadata, owned by a role of its own."""
    create_role(settings, airflow.DATABASE_USER, settings.secrets["airflow_db_password"])
    create_database(settings, AIRFLOW_DATABASE, airflow.DATABASE_USER)


def prepare_source(settings: Settings, scale: int, dump: Path | None) -> bool:
    """Make and fill the transaction database, unless it is there; returns whether it was made.

    :param scale: how many times the orders of AdventureWorks the generator makes.
    :param dump: an SQL file (as pg_dump writes it) to take instead of the generator.
    :raises DemoError: when the dump or the generator fails; the next try starts again from nothing.
    """
    if _is_filled(settings):
        return False
    _drop(settings, SOURCE_DATABASE)
    create_database(settings, SOURCE_DATABASE)
    dsn = settings.source_dsn
    if dump is not None:
        restore(dsn, dump)
    else:
        folder = REPOSITORY / "source" / "bikes_store"
        psql(dsn, folder / "schema.sql")
        currencies = currency_api.CURRENCIES.read_text()
        psql(dsn, folder / "generate.sql", variables={"scale": str(scale), "currencies": currencies})
    grant_source(settings)
    with connect(dsn) as connection, connection.cursor() as cursor:
        # The last step, so that a source which was only half filled is made again.
        cursor.execute(f"COMMENT ON DATABASE \"{SOURCE_DATABASE}\" IS '{_FILLED}'")
    return True


def restore(dsn: str, dump: Path) -> None:
    """Run an SQL dump into an empty database.

    A dump of another server names roles, settings and extensions that this one lacks: such errors are passed over.

    :raises DemoError: when it can't be read or any other statement fails, with the first errors.
    """
    if not dump.is_file():
        raise DemoError(f"SOURCE_SQL={dump} is not a file.")
    with dump.open("rb") as file:
        if file.read(5) == b"PGDMP":
            raise DemoError(
                f"SOURCE_SQL={dump} is an archive of pg_dump, not SQL: turn it into SQL with"
                f" `pg_restore --no-owner -f source.sql {dump}`."
            )
    errors = list(_ERROR.finditer(psql(dsn, dump, stop_on_error=False).stderr))
    errors = [error for error in errors if not any(re.fullmatch(text, error["text"]) for text in _HARMLESS)]
    if errors:
        first = "; ".join(f"line {error['line']}: {error['text']}" for error in errors[:3])
        raise DemoError(f"SOURCE_SQL={dump} can't be loaded ({len(errors)} errors). {first}.")
    names = [table.source for table in TABLES.values()]
    if missing := [name for name, found in query(dsn, _FIND.format(", ".join(map(repr, names)))) if found is None]:
        raise DemoError(f"SOURCE_SQL={dump} does not make the tables that are extracted: {', '.join(missing)}.")


def grant_source(settings: Settings) -> None:
    """Let the extract tasks' role read the source."""
    psql(settings.source_dsn, REPOSITORY / "source" / "roles.sql", environment=airflow.role_variables(settings))


def prepare_warehouse(settings: Settings) -> None:
    """Make the warehouse with its staging area and roles, or bring an older one up to date."""
    create_database(settings, WAREHOUSE_DATABASE)
    folder = REPOSITORY / "warehouse"
    variables = airflow.role_variables(settings)
    psql(settings.warehouse_dsn, folder / "staging.sql", folder / "roles.sql", environment=variables)


def _is_filled(settings: Settings) -> bool:
    with connect(settings.dsn("postgres")) as connection, connection.cursor() as cursor:
        cursor.execute(
            "SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = %s", (SOURCE_DATABASE,)
        )
        return (_FILLED,) in cursor.fetchall()


def _drop(settings: Settings, database: str) -> None:
    psql(settings.dsn("postgres"), statement=f'DROP DATABASE IF EXISTS "{database}"')
