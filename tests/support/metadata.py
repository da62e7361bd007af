"""Airflow's metadata database, for tests that need its tables but no process of Airflow."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from contextlib import contextmanager

from airflow import models, settings
from airflow.models.base import Base


@contextmanager
def metadata_tables() -> Iterator[None]:
    """Airflow's tables, empty, in the file that AIRFLOW_HOME of the tests has. Afterwards they are gone."""
    models.import_all_models()
    importlib.import_module("airflow.providers.fab.auth_manager.models")  # users, whom other tables refer to
    Base.metadata.create_all(settings.engine)
    yield
    Base.metadata.drop_all(settings.engine)
