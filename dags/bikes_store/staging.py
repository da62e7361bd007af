"""The staging area as a whole."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg2

from bikes_store.errors import Refused

# What PostgreSQL says of a staging area that was made by an earlier release, or for another catalogue.
_OUTDATED = (
    psycopg2.errors.UndefinedTable,
    psycopg2.errors.UndefinedColumn,
    psycopg2.errors.UndefinedFunction,
    psycopg2.errors.InsufficientPrivilege,
)


@contextmanager
def refuse_outdated() -> Iterator[None]:
    """Say in a sentence that the staging area lacks something that the block needs.

    :raises Refused: when a table, a column, a function or a right is missing.
    """
    try:
        yield
    except _OUTDATED as error:
        raise Refused(
            f"The staging area lacks what this release needs ({error.diag.message_primary}): run"
            " warehouse/staging.sql and warehouse/roles.sql on the warehouse (`make up` and `make demo` do)."
        ) from error
