"""What a backup has to know about Airflow's metadata: its release, the runs, and what is encrypted in it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from importlib.metadata import distribution
from pathlib import Path

from cryptography.fernet import Fernet, InvalidToken

from cli.backup.database import Database
from cli.errors import UserError

# Columns that Airflow encrypts with the Fernet key, and the condition that a row's value is encrypted.
_ENCRYPTED = (
    ("connection", "password", "is_encrypted"),
    ("connection", "extra", "is_extra_encrypted"),
    ("variable", "val", "is_encrypted"),
    ("trigger", "kwargs", "true"),
)


def release() -> str:
    """The release of Airflow that this repository runs."""
    return distribution("apache-airflow").version


def known_revisions() -> set[str]:
    """The revisions of Airflow's tables that this release knows: it can bring each of them up to date."""
    folder = Path(str(distribution("apache-airflow").locate_file("airflow/migrations/versions")))
    texts = (path.read_text() for path in folder.glob("*.py"))
    return {found[1] for text in texts if (found := re.search(r'^revision(?:: str)? = ["\'](\w+)["\']', text, re.M))}


def revision(database: Database) -> str:
    """The revision of the tables in a metadata database; empty when it has none yet."""
    return database.run("SELECT version_num FROM alembic_version;")[0] if _has_tables(database) else ""


def running(database: Database) -> list[str]:
    """The runs in flight, as "DAG RUN"."""
    if not _has_tables(database):
        return []
    return database.run("SELECT dag_id || ' ' || run_id FROM dag_run WHERE state = 'running' ORDER BY start_date;")


def started(database: Database) -> str:
    """A mark that differs after a run has started."""
    if not _has_tables(database):
        return ""
    return database.run("SELECT concat_ws('/', count(start_date), max(start_date)) FROM dag_run;")[0]


def runs(database: Database) -> int:
    """How many runs the database knows."""
    return int(database.run("SELECT count(*) FROM dag_run;")[0]) if _has_tables(database) else 0


def encrypt_again(database: Database, old: str, new: str) -> None:
    """Encrypt with a new Fernet key what is encrypted with an old one: connections, variables, triggers.

    :raises UserError: when the old key does not open a value.
    """
    if old == new or not _has_tables(database):
        return
    statements = list(updates(database, Fernet(old), Fernet(new)))
    database.run(" ".join(["BEGIN;", *statements, "COMMIT;"]))


def updates(database: Database, old: Fernet, new: Fernet) -> Iterator[str]:
    """The statements that do it.

    :raises UserError: when the old key does not open a value.
    """
    for table, column, condition in _ENCRYPTED:
        (found,) = database.run(
            f"SELECT coalesce(jsonb_agg(jsonb_build_array(id, {column})), '[]') FROM {table}"
            f" WHERE {condition} AND {column} <> '';"
        )
        for key, value in json.loads(found):
            try:
                # Letters, digits, "-", "_" and "=": a token needs no quoting.
                token = new.encrypt(old.decrypt(value.encode())).decode()
            except InvalidToken:
                raise UserError(
                    f"The backup's Fernet key does not open {column} of row {key} in Airflow's table {table}: that"
                    " value was written with another key. Delete it or set it again in Airflow, and back up again."
                ) from None
            yield f"UPDATE {table} SET {column} = '{token}' WHERE id = {int(key)};"


def _has_tables(database: Database) -> bool:
    return database.run(
        "SELECT to_regclass('dag_run') IS NOT NULL AND to_regclass('alembic_version') IS NOT NULL;"
    ) == ["t"]
