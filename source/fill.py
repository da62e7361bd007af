"""Fill the transaction database with made-up rows, or from a dump.

    PGHOST=… PGUSER=… PGPASSWORD=… PGDATABASE=bikes-store ROLES='{"source_reader": "…"}' python -m source.fill

SCALE (default 1) is how many times the orders of AdventureWorks are made. SOURCE_SQL is a dump to use instead. ROLES is
a JSON object: the roles that may read, with their passwords. A database that was filled before keeps its rows; only the
passwords of the roles are set again. Exits with code 1 and one sentence when something is wrong.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path

from bikes_store.tables import TABLES
from source.dump import FILLING, restore
from source.errors import FillError
from source.psql import Psql, PsqlError

_HERE = Path(__file__).resolve().parent
_CURRENCIES = _HERE / "currency_api" / "currencies.json"

#: The largest scale: it makes 31 million orders.
MAX_SCALE = 1000
# The comment on the database says how far the filling has come: it begins with FILLING, or it is this one.
_FILLED = "bikes-store: filled"
_SCHEMAS = sorted({table.schema for table in TABLES.values()})


def fill(psql: Psql, scale: int, dump: Path | None, roles: Mapping[str, str]) -> bool:
    """Fill an empty database and let the roles read it; returns whether it was empty.

    :param psql: psql on the database, as a role that may make databases.
    :param scale: how many times the orders of AdventureWorks are made.
    :param dump: an SQL file (as pg_dump writes it, plain or in gzip) to use instead of made-up rows.
    :param roles: the roles that source/roles.sql makes => their passwords.
    :raises FillError: when the dump can't be used, or the database holds a source that this function did not make.
    """
    filled = _state(psql) == _FILLED
    if not filled:
        _make_room(psql)
        _mark(psql, FILLING)
        if dump is not None:
            restore(psql, dump)
        else:
            _generate(psql, scale)
    psql.run(_HERE / "roles.sql", environment={"ROLES": json.dumps(dict(roles))})
    if not filled:
        _mark(psql, _FILLED)
    return not filled


def read_scale(text: str) -> int:
    """Read a scale as people write it; an empty text is 1.

    :raises FillError: when the text is not a whole number from 1 to MAX_SCALE.
    """
    text = text or "1"
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= MAX_SCALE:
        raise FillError(
            f"SCALE={text} must be a whole number from 1 to {MAX_SCALE}: how many times the orders are made."
        )
    return int(text)


def _read_roles(text: str) -> dict[str, str]:
    try:
        roles = json.loads(text)
    except ValueError:
        roles = None
    if not isinstance(roles, dict):
        raise FillError("ROLES must be a JSON object of role: password.")  # its text has passwords
    return roles


def _generate(psql: Psql, scale: int) -> None:
    folder = _HERE / "bikes_store"
    psql.run(folder / "schema.sql")
    psql.run(folder / "generate.sql", variables={"scale": str(scale), "currencies": _CURRENCIES.read_text()})


def _state(psql: Psql) -> str:
    comment = "SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = current_database()"
    return "".join(psql.lines(comment))


def _mark(psql: Psql, state: str) -> None:
    comment = f"EXECUTE format('COMMENT ON DATABASE %I IS %L', current_database(), '{state}')"
    psql.run(statement=f"DO $$ BEGIN {comment}; END $$")


def _make_room(psql: Psql) -> None:
    """Remove what an interrupted try left. Tables of somebody else are not touched."""
    listed = ", ".join(f"'{schema}'" for schema in _SCHEMAS)
    if not psql.lines(f"SELECT nspname FROM pg_namespace WHERE nspname IN ({listed})"):
        return
    if not _state(psql).startswith(FILLING):
        raise FillError("The database already has tables of a source: give an empty one.")
    # A dump may have made more than the schemas of the source.
    name = psql.database.replace('"', '""')
    for statement in (f'DROP DATABASE "{name}"', f'CREATE DATABASE "{name}"'):
        psql.on("postgres").run(statement=statement)


def main() -> int:
    if "PGDATABASE" not in os.environ:
        print("PGDATABASE is not set: name the database to fill.", file=sys.stderr)
        return 1
    if shutil.which("psql") is None:
        print("psql is not on the PATH: install PostgreSQL's client.", file=sys.stderr)
        return 1
    dump = os.environ.get("SOURCE_SQL")
    try:
        scale = read_scale(os.environ.get("SCALE", ""))
        roles = _read_roles(os.environ.get("ROLES") or "{}")
        filled = fill(Psql({"PGDATABASE": os.environ["PGDATABASE"]}), scale, Path(dump) if dump else None, roles)
    except (FillError, PsqlError) as error:
        print(error, file=sys.stderr)
        return 1
    print("The source is filled." if filled else "The source was filled before and stays as it is.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
