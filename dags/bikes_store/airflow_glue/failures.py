"""How a task fails, and how that is said."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg2
from airflow.exceptions import AirflowFailException

from bikes_store.errors import Refused

#: Errors of a statement, not of the server: PostgreSQL would answer the same again.
_SAME_AGAIN = (psycopg2.ProgrammingError, psycopg2.DataError, psycopg2.NotSupportedError)


@contextmanager
def no_retry_when_refused() -> Iterator[None]:
    """Fail the task at once when a retry would find the same: its input is refused, or its SQL is wrong.

    :raises AirflowFailException: in place of :class:`bikes_store.errors.Refused`, with the same sentence; in place of
        an error of psycopg2 about a statement, with PostgreSQL's own words.
    """
    try:
        yield
    except Refused as error:
        raise AirflowFailException(str(error)) from error
    except _SAME_AGAIN as error:
        words = " ".join(str(error).split())
        raise AirflowFailException(f"PostgreSQL refuses a statement, so a retry does not help: {words}") from error


def describe_failure(exception: Any) -> str:
    """What to tell a person about the ``exception`` in the context of a task that failed.

    Airflow gives an exception, or a text. For a task whose process has died, the text is a dict as Python writes it.
    """
    text = str(exception or "")
    if not text.startswith("{'DAG Id':"):
        return text
    try:
        host = ast.literal_eval(text).get("Hostname")
    except (ValueError, SyntaxError):
        host = None
    process = f"The task's process on {host}" if host else "The task's process"
    return (
        f"{process} gave no sign of life any more: it was killed (for its memory?), or its worker or machine stopped."
    )
