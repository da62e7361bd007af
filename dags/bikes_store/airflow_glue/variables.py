"""Airflow's variables, checked when a task reads them."""

from __future__ import annotations

from airflow.models import Variable

from bikes_store.database import options
from bikes_store.errors import Refused
from bikes_store.flags import read_flag
from bikes_store.tables import TABLES, Table, read_tables

API_URL = "BIKES_STORE_API_URL"
INCREMENTAL_MODE = "BIKES_STORE_STAGING_INCREMENTAL_MODE"
LOCK_TIMEOUT = "BIKES_STORE_LOCK_TIMEOUT"
STATEMENT_TIMEOUT = "BIKES_STORE_STATEMENT_TIMEOUT"
TABLES_TO_LOAD = "BIKES_STORE_STAGING__table_to_extract_and_load"
WAREHOUSE_INIT = "BIKES_STORE_WAREHOUSE_INIT"

#: Seconds. An hour is enough for the longest statement of a source a hundred times as big.
DEFAULT_STATEMENT_TIMEOUT = 3600
DEFAULT_LOCK_TIMEOUT = 60


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


def lock_timeout() -> int:
    """Seconds that a statement may wait for a lock.

    :raises Refused: when the variable is no whole number above 0.
    """
    return _seconds(LOCK_TIMEOUT, DEFAULT_LOCK_TIMEOUT)


def statement_timeout() -> int:
    """Seconds that a statement may take.

    :raises Refused: when the variable is no whole number above 0.
    """
    return _seconds(STATEMENT_TIMEOUT, DEFAULT_STATEMENT_TIMEOUT)


def timeouts_of_dbt() -> str:
    """PGOPTIONS for dbt's sessions, as a template: dbt's tasks read the variables when they run."""
    statement, lock = (
        f"{{{{ var.value.get('{name}', '{default}') }}}}"
        for name, default in (
            (STATEMENT_TIMEOUT, DEFAULT_STATEMENT_TIMEOUT),
            (LOCK_TIMEOUT, DEFAULT_LOCK_TIMEOUT),
        )
    )
    return options(statement, lock)


def tables() -> dict[str, Table]:
    """All tables of the catalogue by name, in load order. The variable may give a table another key.

    :raises Refused: when the variable is not JSON, or does not fit the catalogue.
    """
    try:
        value = Variable.get(TABLES_TO_LOAD, deserialize_json=True)
    except KeyError:
        return dict(TABLES)
    except ValueError as error:
        raise Refused(f"Variable {TABLES_TO_LOAD} is not JSON: {error}.") from None
    return read_tables(value, TABLES_TO_LOAD)


def _seconds(name: str, default: int) -> int:
    text = str(Variable.get(name, default_var=default)).strip()
    if not text.isdecimal() or int(text) == 0:
        raise Refused(f"Variable {name} must be a whole number of seconds above 0, not {text!r}.")
    return int(text)


def _text(name: str) -> str:
    try:
        return str(Variable.get(name))
    except KeyError:
        raise Refused(
            f"Variable {name} is not set: import airflow/airflow_variables_init.json or set it in the UI."
        ) from None
