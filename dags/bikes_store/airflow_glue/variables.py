"""Airflow's variables, checked when a task reads them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from airflow.models import Variable

from bikes_store import deletions
from bikes_store.database import options
from bikes_store.deletions import DEFAULT_LIMIT, NO_LIMIT, DeletionLimit
from bikes_store.errors import Refused
from bikes_store.flags import read_flag
from bikes_store.quantities import read_number, read_whole_number
from bikes_store.tables import Table, read_tables

API_URL = "BIKES_STORE_API_URL"
INCREMENTAL_MODE = "BIKES_STORE_STAGING_INCREMENTAL_MODE"
DELETIONS_EVERY_DAYS = "BIKES_STORE_STAGING_DELETIONS_EVERY_DAYS"
LOCK_TIMEOUT = "BIKES_STORE_LOCK_TIMEOUT"
OVERLAP_HOURS = "BIKES_STORE_STAGING_OVERLAP_HOURS"
SOURCE_TIMEZONE = "BIKES_STORE_SOURCE_TIMEZONE"
STATEMENT_TIMEOUT = "BIKES_STORE_STATEMENT_TIMEOUT"
TABLES_TO_LOAD = "BIKES_STORE_STAGING__table_to_extract_and_load"
WAREHOUSE_INIT = "BIKES_STORE_WAREHOUSE_INIT"

#: Longer than any transaction of the source should be open, and than clocks differ. It costs that the changes of a
#: quarter of a day are read twice; rows that staging holds already are not written again.
DEFAULT_OVERLAP_HOURS = 6
#: A list of the keys is a part of a table only.
DEFAULT_DELETIONS_EVERY_DAYS = 1
_MOST_DAYS = 366
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


def overlap() -> timedelta:
    """How much earlier than what the staging area holds a window begins. A variable that is not set leaves the default.

    :raises Refused: when the variable is not a number of hours.
    """
    value = Variable.get(OVERLAP_HOURS, default_var=DEFAULT_OVERLAP_HOURS)
    return timedelta(hours=read_number(value, OVERLAP_HOURS, "hours", _MOST_DAYS * 24))


def deletions_every_days() -> int:
    """After how many days a run in incremental mode looks for deleted rows; 0 for never. A variable that is not set
    leaves the default.

    :raises Refused: when the variable is not a whole number of days.
    """
    value = Variable.get(DELETIONS_EVERY_DAYS, default_var=DEFAULT_DELETIONS_EVERY_DAYS)
    return read_whole_number(value, DELETIONS_EVERY_DAYS, "days", _MOST_DAYS)


def source_zone() -> str:
    """Time zone of the source's times that have none themselves. Empty, as when the variable is not set: the source
    says it.
    """
    return str(Variable.get(SOURCE_TIMEZONE, default_var="")).strip()


def deletion_limit(table: Table, run_id: str) -> DeletionLimit:
    """How many rows the load of a table may delete in a run. A variable that is not set leaves the default.

    :raises Refused: when one of the three variables has a value that can't be read.
    """
    limit = deletions.read_limit(
        Variable.get(deletions.MAX_ROWS, default_var=DEFAULT_LIMIT.rows),
        Variable.get(deletions.MAX_PERCENT, default_var=DEFAULT_LIMIT.percent),
    )
    return NO_LIMIT if deletions.is_allowed(_json(deletions.ALLOWED), table, run_id) else limit


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
    return read_tables(_json(TABLES_TO_LOAD), TABLES_TO_LOAD)


def _json(name: str) -> Any:
    """A variable's value, or an empty object when it is not set."""
    try:
        return Variable.get(name, default_var={}, deserialize_json=True)
    except ValueError as error:
        raise Refused(f"Variable {name} is not JSON: {error}.") from None


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
