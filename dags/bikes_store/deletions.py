"""How many rows a load may delete. A source that lost its rows by accident must not empty the warehouse.

Three variables decide. Two set the limit. The third lets single tables of single runs pass; it names the run, so it
opens nothing for the runs that follow.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass

from bikes_store.errors import Refused
from bikes_store.quantities import Quantity
from bikes_store.tables import CURRENCY, STAGING_SCHEMA, TABLES, Table

log = logging.getLogger(__name__)

MAX_ROWS = Quantity("BIKES_STORE_STAGING_MAX_DELETED_ROWS", "rows", default=100, least=0, most=10**9)
MAX_PERCENT = Quantity(
    "BIKES_STORE_STAGING_MAX_DELETED_PERCENT", "percent", default=10, least=0, most=100, is_whole=False
)
ALLOWED = "BIKES_STORE_STAGING_ALLOW_DELETION"


@dataclass(frozen=True)
class DeletionLimit:
    """A load that deletes more than ``rows`` rows and more than ``percent`` of the table is refused.

    Both must be exceeded. ``percent`` is of the rows that the table held before the load. A load that leaves a table
    without a row is refused however small the table is, unless ``may_empty``.
    """

    rows: int = MAX_ROWS.default
    percent: float = MAX_PERCENT.default
    may_empty: bool = False


DEFAULT_LIMIT = DeletionLimit()
#: For a load that a person let pass: no load deletes more than all rows.
NO_LIMIT = DeletionLimit(percent=100, may_empty=True)


def check_deletion(
    table: Table, run_id: str, deleted: int, held: int, limit: DeletionLimit, *, emptied: bool = False
) -> None:
    """Refuse a load that deletes more than it may.

    Call it in the load's transaction, before or after the deletion: a refused load is rolled back.

    :param run_id: the run that loads, for the sentence that says how to let it pass.
    :param deleted: how many rows the load deletes.
    :param held: how many rows the table held before.
    :param emptied: whether the source has no row of the table any more.
    :raises Refused: when the limit is exceeded.
    """
    many = deleted > limit.rows and deleted * 100 > limit.percent * held
    if many or (emptied and deleted and not (limit.may_empty or table.may_be_empty)):
        most = f"deletes at most {limit.rows:,} rows or {limit.percent:g} %" if many else "never deletes the last row"
        raise Refused(
            f"{table.source} has lost {deleted:,} of the {held:,} rows of {STAGING_SCHEMA}.{table.name}, and a load"
            f" {most}: correct the source and run the extract task"
            f" again, or, if the rows may go, set the variable {ALLOWED} to {json.dumps({run_id: [table.name]})} and"
            " run this task again."
        )


def is_allowed(value: object, table: Table, run_id: str) -> bool:
    """Whether a variable lets the load of a table pass in a run, whatever it deletes.

    :param value: the variable's value, already parsed from JSON: ``{run id: [table, …]}``.
    :raises Refused: when the value has another form, or names a table that the staging area does not have.
    """
    if not isinstance(value, Mapping) or not all(isinstance(names, list) for names in value.values()):
        raise Refused(f"Variable {ALLOWED} must be a JSON object of run id: [table, …], not {json.dumps(value)}.")
    for names in value.values():
        if unknown := [name for name in names if name not in [*TABLES, CURRENCY.name]]:
            raise Refused(f"Variable {ALLOWED} lists {unknown[0]!r}, which is no table of {STAGING_SCHEMA}.")
    allowed = table.name in value.get(run_id, [])
    if allowed:
        log.warning("%s.%s: the variable %s lets this run delete any rows", STAGING_SCHEMA, table.name, ALLOWED)
    return allowed
