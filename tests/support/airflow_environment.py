"""Airflow's connections and variables in the environment, for tests that call tasks without a stack."""

from __future__ import annotations

import json

import pytest
from airflow.models import Connection

from bikes_store.airflow_glue import connections
from cli.names import LAKE_ACCESS_KEY, LAKE_REGION
from cli.paths import REPOSITORY
from cli.processes.settings import Settings


def set_airflow_environment(patch: pytest.MonkeyPatch, source: str, warehouse: str, settings: Settings) -> None:
    """Set all connections, and the variables that the platform begins with.

    :param source: DSN of the source.
    :param warehouse: DSN of the warehouse.
    :param settings: of the stack that has the lake.
    """
    made = {
        connections.SOURCE: Connection(uri=source),
        connections.STAGING: Connection(uri=warehouse),
        connections.WAREHOUSE: Connection(uri=warehouse),
        connections.LAKE: Connection(
            conn_type="aws",
            login=LAKE_ACCESS_KEY,
            password=settings.secrets["lake_secret_key"],
            extra=json.dumps({"endpoint_url": settings.lake_endpoint, "region_name": LAKE_REGION}),
        ),
    }
    for name, connection in made.items():
        patch.setenv(f"AIRFLOW_CONN_{name.upper()}", connection.get_uri())
    variables = json.loads((REPOSITORY / "airflow" / "airflow_variables_init.json").read_text())
    for name, value in variables.items():
        patch.setenv(f"AIRFLOW_VAR_{name.upper()}", value if isinstance(value, str) else json.dumps(value))
