"""Fill the transaction database: with made-up rows, or from a dump.

    PGHOST=… PGUSER=… PGPASSWORD=… PGDATABASE=bikes-store SOURCE_USER=… SOURCE_PASSWORD=… python -m source.fill

SCALE (1) is how many times the orders of AdventureWorks are made; SOURCE_SQL a dump to take instead. A database that
was filled before is left as it is, but that the reading role gets its password anew. Exits with 1 and one sentence when
something is wrong.
"""

from __future__ import annotations

import os
import re
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path

from bikes_store.tables import TABLES
from source.psql import PsqlError, psql

_HERE = Path(__file__).resolve().parent
_CURRENCIES = _HERE / "currency_api" / "currencies.json"

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
# The comment on the database says how far it is.
_FILLING, _FILLED = "bikes-store: filling", "bikes-store: filled"
_SCHEMAS = sorted({table.schema for table in TABLES.values()})


class FillError(Exception):
    """The message is one sentence for a person."""


def fill(
    connection: Mapping[str, str], scale: int, dump: Path | None, reader: Mapping[str, str], program: str = "psql"
) -> bool:
    """Fill an empty database and let a role read it; returns whether it was empty.

    :param connection: PGHOST and so on, PGDATABASE at least, of a role that may make databases.
    :param dump: an SQL file (as pg_dump writes it) to take instead of made-up rows.
    :param reader: SOURCE_USER and SOURCE_PASSWORD.
    :raises FillError: when the dump can't be taken, or the database holds a source that this did not make.
    """
    filled = _state(connection, program) == _FILLED
    if not filled:
        _make_room(connection, program)
        _mark(connection, _FILLING, program)
        if dump is not None:
            restore(connection, dump, program)
        else:
            _generate(connection, scale, program)
    psql(connection, _HERE / "roles.sql", environment=reader, program=program)
    if not filled:
        _mark(connection, _FILLED, program)
    return not filled


def restore(connection: Mapping[str, str], dump: Path, program: str = "psql") -> None:
    """Run an SQL dump into an empty database.

    A dump of another server names roles, settings and extensions that this one lacks: such errors are passed over.

    :raises FillError: when it can't be read or any other statement fails, with the first errors.
    """
    if not dump.is_file():
        raise FillError(f"SOURCE_SQL={dump} is not a file.")
    with dump.open("rb") as file:
        if file.read(5) == b"PGDMP":
            raise FillError(
                f"SOURCE_SQL={dump} is an archive of pg_dump, not SQL: turn it into SQL with"
                f" `pg_restore --no-owner -f source.sql {dump}`."
            )
    errors = list(_ERROR.finditer(psql(connection, dump, stop_on_error=False, program=program).stderr))
    errors = [error for error in errors if not any(re.fullmatch(text, error["text"]) for text in _HARMLESS)]
    if errors:
        first = "; ".join(f"line {error['line']}: {error['text']}" for error in errors[:3])
        raise FillError(f"SOURCE_SQL={dump} can't be loaded ({len(errors)} errors). {first}.")
    names = [table.source for table in TABLES.values()]
    listed = ", ".join(f"'{name}'" for name in names)
    missing = _lines(
        connection, f"SELECT name FROM unnest(ARRAY[{listed}]) AS name WHERE to_regclass(name) IS NULL", program
    )
    if missing:
        raise FillError(f"SOURCE_SQL={dump} does not make the tables that are extracted: {', '.join(missing)}.")


def _generate(connection: Mapping[str, str], scale: int, program: str) -> None:
    folder = _HERE / "bikes_store"
    psql(connection, folder / "schema.sql", program=program)
    variables = {"scale": str(scale), "currencies": _CURRENCIES.read_text()}
    psql(connection, folder / "generate.sql", variables=variables, program=program)


def _state(connection: Mapping[str, str], program: str) -> str:
    comment = "SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = current_database()"
    return "".join(_lines(connection, comment, program))


def _mark(connection: Mapping[str, str], state: str, program: str) -> None:
    comment = f"EXECUTE format('COMMENT ON DATABASE %I IS %L', current_database(), '{state}')"
    psql(connection, statement=f"DO $$ BEGIN {comment}; END $$", program=program)


def _make_room(connection: Mapping[str, str], program: str) -> None:
    """Remove what a try left that was cut off; what somebody else put there is not touched."""
    listed = ", ".join(f"'{schema}'" for schema in _SCHEMAS)
    there = f"SELECT nspname FROM pg_namespace WHERE nspname IN ({listed})"
    if not _lines(connection, there, program):
        return
    if _state(connection, program) != _FILLING:
        raise FillError("The database has tables of a source already: give an empty one.")
    # A dump may have made more than the schemas of the source.
    name = connection["PGDATABASE"].replace('"', '""')
    for statement in (f'DROP DATABASE "{name}"', f'CREATE DATABASE "{name}"'):
        psql({**connection, "PGDATABASE": "postgres"}, statement=statement, program=program)


def _lines(connection: Mapping[str, str], query: str, program: str) -> list[str]:
    done = psql(connection, statement=f"COPY ({query}) TO STDOUT", program=program)
    return done.stdout.splitlines()


def main() -> int:
    scale = os.environ.get("SCALE") or "1"
    if not scale.isascii() or not scale.isdigit() or not 1 <= int(scale) <= 1000:
        print(f"SCALE={scale} must be a whole number from 1 to 1000.", file=sys.stderr)
        return 1
    if "PGDATABASE" not in os.environ:
        print("PGDATABASE is not set: which database is to be filled?", file=sys.stderr)
        return 1
    if shutil.which("psql") is None:
        print("psql is not on the PATH: install PostgreSQL's client.", file=sys.stderr)
        return 1
    dump = os.environ.get("SOURCE_SQL")
    try:
        connection = {"PGDATABASE": os.environ["PGDATABASE"]}
        filled = fill(connection, int(scale), Path(dump) if dump else None, {})
    except (FillError, PsqlError) as error:
        print(error, file=sys.stderr)
        return 1
    print("The source is filled." if filled else "The source was filled before and stays as it is.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
