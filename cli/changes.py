"""What changed in the warehouse since a moment: rows of the staging area and of what dbt builds, by table."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import psycopg2

from bikes_store.load_log import LOAD_LOG
from bikes_store.tables import STAGED, STAGING_SCHEMA, WAREHOUSE_SCHEMA
from cli.database import query
from cli.errors import UserError
from cli.sections import Row, Section, number, section

# dbt notes here what each table holds: the number of rows and a fingerprint (dbt's macros/unchanged.sql).
_BUILT = f"{WAREHOUSE_SCHEMA}.build_inputs"


@dataclass(frozen=True)
class Built:
    """A table that dbt built: what it holds, and how many rows PostgreSQL has counted as written since it was made.

    ``oid`` tells it from a table that takes its place.
    """

    contents: str
    oid: int
    inserted: int
    updated: int
    deleted: int

    @property
    def rows(self) -> int:
        return int(self.contents.split()[0])


@dataclass(frozen=True)
class Mark:
    """What the warehouse held at a moment. ``load_id`` is that of the last load; 0 before the first."""

    load_id: int = 0
    built: Mapping[str, Built] = field(default_factory=dict)


@dataclass(frozen=True)
class Change:
    """The rows of a table that changed. ``before`` and ``now`` are all rows, of tables that dbt builds.

    ``inserted``, ``updated`` and ``deleted`` are None where nobody counted them: dbt puts a new table in the place of
    the old one.
    """

    table: str
    inserted: int | None
    updated: int | None
    deleted: int | None
    before: int | None = None
    now: int | None = None


@dataclass(frozen=True)
class Changes:
    """``is_first`` says that nothing had been loaded before, so that everything is new."""

    staging: Sequence[Change]
    models: Sequence[Change]
    is_first: bool = False


def mark(warehouse_dsn: str) -> Mark:
    """What the warehouse holds now, to compare with later.

    :raises UserError: when the warehouse does not answer, or lacks the log of loads.
    """
    try:
        return _mark(warehouse_dsn)
    except psycopg2.Error as error:
        reason = str(error).strip().splitlines()[0]
        raise UserError(f"The warehouse can't be asked what it holds: {reason}") from None


def since(before: Mark, warehouse_dsn: str) -> Changes:
    """What changed after a mark. Tables that did not change are left out."""
    now = mark(warehouse_dsn)
    return Changes(list(_loaded(before, warehouse_dsn)), list(_compare(before, now)), is_first=before.load_id == 0)


def loaded_rows(before: Mark, warehouse_dsn: str) -> int:
    """How many rows the loads after a mark wrote and deleted."""
    return sum(
        (each.inserted or 0) + (each.updated or 0) + (each.deleted or 0) for each in _loaded(before, warehouse_dsn)
    )


def as_sections(changes: Changes) -> list[Section]:
    """What changed, for a report."""
    if changes.is_first:
        return [section("Changes", "table", [], note="This was the first run: every row is new.")]
    staging = section(
        "Changes: staging area",
        "table, inserted>, updated>, deleted>",
        [Row([each.table, *map(number, (each.inserted, each.updated, each.deleted))]) for each in changes.staging],
        note="" if changes.staging else "No row changed since the last run.",
    )
    models = section(
        "Changes: warehouse",
        "table, inserted>, updated>, deleted>, rows before>, rows now>",
        [
            Row(
                [
                    each.table,
                    *map(number, (each.inserted, each.updated, each.deleted)),
                    "new" if each.before is None else number(each.before),
                    number(each.now),
                ]
            )
            for each in changes.models
        ],
        note=_note(changes.models),
    )
    return [staging, models]


def _mark(warehouse_dsn: str) -> Mark:
    ((load_id, has_built),) = query(
        warehouse_dsn,
        f"SELECT coalesce(max(load_id), 0), to_regclass('{_BUILT}') IS NOT NULL FROM {STAGING_SCHEMA}.{LOAD_LOG}",
    )
    if not has_built:
        return Mark(load_id)
    # What a build that was cut short leaves has no contents yet: it counts as not there.
    found = query(
        warehouse_dsn,
        "SELECT built.table_name, built.contents, held.relid, held.n_tup_ins, held.n_tup_upd, held.n_tup_del"
        f" FROM {_BUILT} AS built JOIN pg_stat_user_tables AS held"
        f" ON held.schemaname = '{WAREHOUSE_SCHEMA}' AND held.relname = built.table_name"
        " WHERE built.contents IS NOT NULL",
    )
    return Mark(load_id, {name: Built(*values) for name, *values in found})


def _note(models: Sequence[Change]) -> str:
    if not models:
        return "No table changed since the last run."
    if any(each.inserted is None for each in models):
        return "–: dbt has put a new table in the place of the old one, so nobody counted."
    return ""


def _loaded(before: Mark, warehouse_dsn: str) -> Iterator[Change]:
    sums = query(
        warehouse_dsn,
        "SELECT table_name, sum(written - updated)::bigint, sum(updated)::bigint, sum(deleted)::bigint"
        f" FROM {STAGING_SCHEMA}.{LOAD_LOG} WHERE load_id > {before.load_id:d} GROUP BY table_name",
    )
    counted = {name: numbers for name, *numbers in sums}
    for name, table in STAGED.items():
        if any(numbers := counted.get(name, ())):
            yield Change(table.source, *numbers)


def _compare(before: Mark, now: Mark) -> Iterator[Change]:
    for name, built in sorted(now.built.items()):
        old = before.built.get(name)
        if old is None:
            yield Change(name, None, None, None, None, built.rows)
        elif old.contents != built.contents:
            yield Change(name, *_counted(old, built), old.rows, built.rows)


def _counted(old: Built, now: Built) -> tuple[int | None, int | None, int | None]:
    """The rows that were written to a table; None where they are not known.

    PostgreSQL also counts what was rolled back, and it forgets its counts after a crash. The numbers of rows show that.
    """
    inserted, updated, deleted = now.inserted - old.inserted, now.updated - old.updated, now.deleted - old.deleted
    adds_up = min(inserted, updated, deleted) >= 0 and old.rows + inserted - deleted == now.rows
    return (inserted, updated, deleted) if old.oid == now.oid and adds_up else (None, None, None)
