"""Ask for the results of tasks with one engine.

The scheduler asks Celery's result backend how its tasks are doing, several times a second while a DAG runs. In a
process that is no fork, the backend makes an engine and a session of the database for each question:
https://docs.celeryq.dev/en/stable/internals/reference/celery.backends.database.session.html
"""

from __future__ import annotations

import os
from typing import Any

from celery.backends.database.session import SessionManager
from sqlalchemy import create_engine
from sqlalchemy.engine import Engine

_engines: dict[tuple[int, str], Engine] = {}


def keep_engine() -> None:
    """Have a process ask with an engine that it keeps, and with a session that is replaced when it is lost."""
    make = SessionManager.get_engine

    def get_engine(self: SessionManager, dburi: str, **options: Any) -> Engine:
        if self.forked:
            return make(self, dburi, **options)
        key = os.getpid(), dburi  # a fork must not write to the sockets of its parent
        if key not in _engines:
            _engines[key] = create_engine(dburi, **{"pool_pre_ping": True, **options})
        return _engines[key]

    SessionManager.get_engine = get_engine
