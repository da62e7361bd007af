"""Airflow's variables, checked when a task reads them."""

from __future__ import annotations

from typing import Any

from airflow.models import Variable

from bikes_store import deletions
from bikes_store.deletions import DEFAULT_LIMIT, NO_LIMIT, DeletionLimit
from bikes_store.errors import Refused
from bikes_store.flags import read_flag
from bikes_store.tables import Table, read_tables

API_URL = "BIKES_STORE_API_URL"
INCREMENTAL_MODE = "BIKES_STORE_STAGING_INCREMENTAL_MODE"
TABLES_TO_LOAD = "BIKES_STORE_STAGING__table_to_extract_and_load"
WAREHOUSE_INIT = "BIKES_STORE_WAREHOUSE_INIT"


def currency_api_url() -> str:
    """Address of the currency API.

    :raises Refused: when the variable is not set.
    """
    return _text(API_URL)


def is_incremental() -> bool:
    """Whether a run takes only the rows that changed in its data interval.

    :raises Refused: when the variable is not set, or is neither true nor false.
    """
    return read_flag(_text(INCREMENTAL_MODE), INCREMENTAL_MODE)


def is_warehouse_init() -> bool:
    """Whether a run of the warehouse builds ``dim_date`` too.

    :raises Refused: when the variable is not set, or is neither true nor false.
    """
    return read_flag(_text(WAREHOUSE_INIT), WAREHOUSE_INIT)


def deletion_limit(table: Table, run_id: str) -> DeletionLimit:
    """How many rows the load of a table may delete in a run. A variable that is not set leaves the default.

    :raises Refused: when one of the three variables has a value that can't be read.
    """
    limit = deletions.read_limit(
        Variable.get(deletions.MAX_ROWS, default_var=DEFAULT_LIMIT.rows),
        Variable.get(deletions.MAX_PERCENT, default_var=DEFAULT_LIMIT.percent),
    )
    return NO_LIMIT if deletions.is_allowed(_json(deletions.ALLOWED), table, run_id) else limit


def tables() -> dict[str, Table]:
    """All tables of the catalogue by name, in load order. The variable may give a table another key.

    :raises Refused: when the variable is not JSON, or does not fit the catalogue.
    """
    return read_tables(_json(TABLES_TO_LOAD), TABLES_TO_LOAD)


def _json(name: str) -> Any:
    """A variable's value, or an empty object when it is not set."""
    try:
        return Variable.get(name, default_var={}, deserialize_json=True)
    except ValueError as error:
        raise Refused(f"Variable {name} is not JSON: {error}.") from None


def _text(name: str) -> str:
    try:
        return str(Variable.get(name))
    except KeyError:
        raise Refused(
            f"Variable {name} is not set: import airflow/airflow_variables_init.json or set it in the UI."
        ) from None
