"""Airflow's variables, checked when a task reads them."""

from __future__ import annotations

from datetime import timedelta

from airflow.models import Variable

from bikes_store.errors import Refused
from bikes_store.flags import read_flag
from bikes_store.quantities import read_number
from bikes_store.tables import TABLES, Table, read_tables

API_URL = "BIKES_STORE_API_URL"
INCREMENTAL_MODE = "BIKES_STORE_STAGING_INCREMENTAL_MODE"
OVERLAP_HOURS = "BIKES_STORE_STAGING_OVERLAP_HOURS"
SOURCE_TIMEZONE = "BIKES_STORE_SOURCE_TIMEZONE"
TABLES_TO_LOAD = "BIKES_STORE_STAGING__table_to_extract_and_load"
WAREHOUSE_INIT = "BIKES_STORE_WAREHOUSE_INIT"

#: Longer than any transaction of the source should be open, and than clocks differ. It costs that the changes of a
#: quarter of a day are read twice; rows that staging holds already are not written again.
DEFAULT_OVERLAP_HOURS = 6
_MOST_HOURS = 366 * 24


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


def overlap() -> timedelta:
    """How much earlier than what the staging area holds a window begins. A variable that is not set leaves the default.

    :raises Refused: when the variable is not a number of hours.
    """
    value = Variable.get(OVERLAP_HOURS, default_var=DEFAULT_OVERLAP_HOURS)
    return timedelta(hours=read_number(value, OVERLAP_HOURS, "hours", _MOST_HOURS))


def source_zone() -> str:
    """Time zone of the source's times that have none themselves. Empty, as when the variable is not set: the source
    says it.
    """
    return str(Variable.get(SOURCE_TIMEZONE, default_var="")).strip()


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


def _text(name: str) -> str:
    try:
        return str(Variable.get(name))
    except KeyError:
        raise Refused(
            f"Variable {name} is not set: import airflow/airflow_variables_init.json or set it in the UI."
        ) from None
