"""What the DAGs take from the environment of their process. All else comes from Airflow's connections and variables.

A DAG file may not look up a connection while Airflow parses it, so what a DAG file needs to know is here. Each function
reads the environment when it is called.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from bikes_store.dbt_structure import structure, structure_of_manifest

_REPOSITORY = Path(__file__).resolve().parents[2]


def data_bucket() -> str:
    """Name of the lake's bucket that holds the extracted tables."""
    return os.environ.get("DATA_BUCKET") or "bikes-store"


def warehouse_address() -> str:
    """Where the warehouse database is, as ``host:port/database``."""
    host = os.environ.get("WAREHOUSE_HOST") or "warehouse"
    port = os.environ.get("WAREHOUSE_PORT") or "5432"
    database = os.environ.get("WAREHOUSE_DATABASE") or "warehouse"
    return f"{host}:{port}/{database}"


def runbooks_url() -> str | None:
    """Where people read docs/runbooks, without a slash at its end; None when nobody said it."""
    return (os.environ.get("BIKES_STORE_RUNBOOKS_URL") or "").rstrip("/") or None


def dashboards_url() -> str | None:
    """Where Grafana is, without a slash at its end; None where there is none, as in a demo."""
    return (os.environ.get("BIKES_STORE_DASHBOARDS_URL") or "").rstrip("/") or None


def dbt_project() -> Path:
    """Folder of the dbt project. dbt/ is beside dags/, in the repository and in the containers."""
    return Path(os.environ.get("BIKES_STORE_DBT_PROJECT") or _REPOSITORY / "dbt" / "bikes_store_warehouse")


def manifest_path() -> Path:
    """Where dbt's manifest is, or will be."""
    return Path(os.environ.get("BIKES_STORE_DBT_MANIFEST") or dbt_project() / "target" / "manifest.json")


def dbt_manifest() -> Path:
    """dbt's manifest; Cosmos reads from it which models there are, and what they depend on.

    :raises FileNotFoundError: when nobody has written it yet.
    :raises ValueError: when the project has other models by now, or other dependencies between them.
    """
    project, manifest = dbt_project(), manifest_path()
    advice = (
        "write it with `make up` in containers, else with"
        f" `BIKES_STORE_DBT_PROJECT={project} BIKES_STORE_DBT_MANIFEST={manifest}"
        f" {sys.executable} {_REPOSITORY / 'airflow' / 'write_manifest.py'}`"
    )
    if not manifest.is_file():
        raise FileNotFoundError(f"{manifest} does not exist: {advice}.")
    if structure_of_manifest(manifest) != structure(project):
        raise ValueError(f"{manifest} was not made from {project} as it is now: {advice}.")
    return manifest
