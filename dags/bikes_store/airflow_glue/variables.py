"""Airflow's variables, checked when a task reads them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from airflow.models import Variable

from bikes_store import deletions
from bikes_store.database import options
from bikes_store.deletions import NO_LIMIT, DeletionLimit
from bikes_store.errors import Refused
from bikes_store.flags import read_flag
from bikes_store.quantities import Quantity
from bikes_store.tables import Table, read_tables

API_URL = "BIKES_STORE_API_URL"
INCREMENTAL_MODE = "BIKES_STORE_STAGING_INCREMENTAL_MODE"
SOURCE_TIMEZONE = "BIKES_STORE_SOURCE_TIMEZONE"
TABLES_TO_LOAD = "BIKES_STORE_STAGING__table_to_extract_and_load"
WAREHOUSE_INIT = "BIKES_STORE_WAREHOUSE_INIT"

#: By default longer than any transaction of the source should be open, and than clocks differ. It costs that the
#: changes of a quarter of a day are read twice; rows that staging holds already are not written again.
OVERLAP = Quantity("BIKES_STORE_STAGING_OVERLAP_HOURS", "hours", default=6, least=0, most=366 * 24, is_whole=False)
#: Each day by default: a list of the keys is a part of a table only.
DELETIONS_EVERY = Quantity("BIKES_STORE_STAGING_DELETIONS_EVERY_DAYS", "days", default=1, least=0, most=366)
_MOST_SECONDS = 2_147_483  # PostgreSQL keeps milliseconds, in 31 bits
#: An hour is enough for the longest statement of a source a hundred times as big.
STATEMENT_TIMEOUT = Quantity("BIKES_STORE_STATEMENT_TIMEOUT", "seconds", default=3600, least=1, most=_MOST_SECONDS)
LOCK_TIMEOUT = Quantity("BIKES_STORE_LOCK_TIMEOUT", "seconds", default=60, least=1, most=_MOST_SECONDS)

#: Days that something is kept; 0 for ever. Whoever repeats a run of the last week finds what it needs.
_WEEK, _CENTURY = 7, 36_600
KEEP_METADATA = Quantity(
    "BIKES_STORE_KEEP_METADATA_DAYS", "days", default=90, least=0, most=_CENTURY, least_above=_WEEK
)
KEEP_EXTRACTS = Quantity("BIKES_STORE_KEEP_LAKE_DAYS", "days", default=0, least=0, most=_CENTURY, least_above=_WEEK)
KEEP_LOGS = Quantity("BIKES_STORE_KEEP_LOGS_DAYS", "days", default=30, least=0, most=_CENTURY)


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
    return timedelta(hours=_number(OVERLAP))


def deletions_every_days() -> int:
    """After how many days a run in incremental mode looks for deleted rows; 0 for never. A variable that is not set
    leaves the default.

    :raises Refused: when the variable is not a whole number of days.
    """
    return int(_number(DELETIONS_EVERY))


def source_zone() -> str:
    """Time zone of the source's times that have none themselves. Empty, as when the variable is not set: the source
    says it.
    """
    return str(Variable.get(SOURCE_TIMEZONE, default_var="")).strip()


def deletion_limit(table: Table, run_id: str) -> DeletionLimit:
    """How many rows the load of a table may delete in a run. A variable that is not set leaves the default.

    :raises Refused: when one of the three variables has a value that can't be read.
    """
    limit = DeletionLimit(int(_number(deletions.MAX_ROWS)), _number(deletions.MAX_PERCENT))
    return NO_LIMIT if deletions.is_allowed(_json(deletions.ALLOWED), table, run_id) else limit


def session_options() -> str:
    """What libpq sends with each session, in the form of PGOPTIONS: its timeouts. Variables that are not set leave the
    defaults.

    :raises Refused: when a timeout is no whole number of seconds above 0.
    """
    return options(int(_number(STATEMENT_TIMEOUT)), int(_number(LOCK_TIMEOUT)))


def tables() -> dict[str, Table]:
    """All tables of the catalogue by name, in load order. The variable may give a table another key.

    :raises Refused: when the variable is not JSON, or does not fit the catalogue.
    """
    return read_tables(_json(TABLES_TO_LOAD), TABLES_TO_LOAD)


def kept(quantity: Quantity) -> timedelta | None:
    """How long something is kept; None for ever. A variable that is not set leaves the default.

    :param quantity: one of those that begin with KEEP.
    :raises Refused: when the variable is not a whole number of days, or so few that a rerun would lack something.
    """
    days = _number(quantity)
    return timedelta(days=days) if days else None


def _json(name: str) -> Any:
    """A variable's value, or an empty object when it is not set."""
    try:
        return Variable.get(name, default_var={}, deserialize_json=True)
    except ValueError as error:
        raise Refused(f"Variable {name} is not JSON: {error}.") from None


def _number(quantity: Quantity) -> float:
    return quantity.read(Variable.get(quantity.variable, default_var=quantity.default))


def _text(name: str) -> str:
    try:
        return str(Variable.get(name))
    except KeyError:
        raise Refused(
            f"Variable {name} is not set: import airflow/airflow_variables_init.json or set it in the UI."
        ) from None
