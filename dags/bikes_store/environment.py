"""What the DAGs take from the environment of their process. All else comes from Airflow's connections and variables.

A DAG file may not look up a connection while Airflow parses it, so what a DAG file needs to know is here. Each function
reads the environment when it is called.
"""

from __future__ import annotations

import os
from pathlib import Path

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


def dbt_project() -> Path:
    """Folder of the dbt project. dbt/ is beside dags/, in the repository and in the containers."""
    return Path(os.environ.get("BIKES_STORE_DBT_PROJECT") or _REPOSITORY / "dbt" / "bikes_store_warehouse")


def dbt_manifest() -> Path:
    """dbt's manifest, which ``dbt parse`` writes; Cosmos reads the models from it.

    :raises FileNotFoundError: when nobody has written it yet.
    """
    manifest = Path(os.environ.get("BIKES_STORE_DBT_MANIFEST") or dbt_project() / "target" / "manifest.json")
    if not manifest.is_file():
        raise FileNotFoundError(f"{manifest} does not exist: make it with `dbt parse --project-dir {dbt_project()}`.")
    return manifest
