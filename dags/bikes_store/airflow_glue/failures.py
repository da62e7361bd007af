"""How a task fails."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from airflow.exceptions import AirflowFailException

from bikes_store.errors import Refused


@contextmanager
def no_retry_when_refused() -> Iterator[None]:
    """Fail the task at once when its input is refused: a retry would find the same input.

    :raises AirflowFailException: in place of :class:`bikes_store.errors.Refused`, with the same sentence.
    """
    try:
        yield
    except Refused as error:
        raise AirflowFailException(str(error)) from error
