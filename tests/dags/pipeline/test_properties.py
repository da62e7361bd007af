"""What no example shows: any row arrives unchanged, and any order of runs keeps the promises of each mode.

Hypothesis makes the rows and the orders. In CI they are the same each time (see tests/conftest.py). A failure prints a
line ``@reproduce_failure(...)``: put it above the test to see the failure again.
"""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count

import psycopg2
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from psycopg2 import sql
from psycopg2.extras import execute_values

from bikes_store.deletions import NO_LIMIT
from bikes_store.errors import Refused
from bikes_store.load import Loaded
from bikes_store.load_log import held_until
from bikes_store.tables import TABLES, Table
from bikes_store.window import FULL, Full, Window, is_due, plan
from cli.database import connect, query
from tests.support.pipeline import Pipeline
from tests.support.rows import Column, Row, columns_of, next_rows, rows

LATER = Window(datetime(2025, 1, 1), datetime(2025, 1, 2))

# ----------------------------------------------------------------------------------------------------------------------
# Values
# ----------------------------------------------------------------------------------------------------------------------


@pytest.fixture
def free(pipeline):
    """Two empty databases whose rows may hold all that the types can hold: checks and foreign keys are dropped."""
    for dsn in (pipeline.source_dsn, pipeline.warehouse_dsn):
        constraints = query(
            dsn,
            "SELECT format('ALTER TABLE %s DROP CONSTRAINT %I', conrelid::regclass, conname) FROM pg_constraint"
            " WHERE contype IN ('c', 'f') AND conrelid <> 0 AND connamespace <> 'information_schema'::regnamespace"
            " AND connamespace <> 'pg_catalog'::regnamespace ORDER BY contype DESC",
        )
        with connect(dsn) as connection, connection.cursor() as cursor:
            cursor.execute("; ".join(statement for (statement,) in constraints))
    return pipeline


def covering(tables: dict[str, list[Column]]) -> list[str]:
    """A few tables that together have every kind of column, the richest first."""
    left = {column.kind for columns in tables.values() for column in columns}
    chosen = []
    while left:
        name = max(tables, key=lambda table: len(left & {column.kind for column in tables[table]}))
        left -= {column.kind for column in tables[name]}
        chosen.append(name)
    return chosen


def replace_rows(pipeline: Pipeline, table: Table, made: list[Row]) -> None:
    with connect(pipeline.source_dsn) as connection, connection.cursor() as cursor:
        relation = sql.Identifier(table.schema, table.name)
        cursor.execute(sql.SQL("DELETE FROM {}").format(relation))
        if not made:
            return
        names = sql.SQL(", ").join(map(sql.Identifier, made[0]))
        statement = sql.SQL("INSERT INTO {} ({}) VALUES %s").format(relation, names)
        execute_values(cursor, statement, [tuple(row[name] for name in made[0]) for row in made])


def test_any_row_arrives_unchanged(free):
    """Into an empty table, over other rows, and in the objects of a window; and the two databases hash it alike."""
    found = {name: columns_of(free.source_dsn, table.schema, name, table.columns) for name, table in TABLES.items()}
    chosen = covering(found)

    @st.composite
    def examples(draw: st.DrawFn) -> tuple[str, list[Row], list[Row]]:
        name = draw(st.sampled_from(chosen))
        first = draw(rows(found[name], TABLES[name].key, most=4))
        return name, first, draw(next_rows(found[name], TABLES[name].key, first))

    @given(examples())
    @settings(max_examples=40, suppress_health_check=list(HealthCheck))
    def arrives(example: tuple[str, list[Row], list[Row]]) -> None:
        name, first, second = example
        free.in_staging(f"TRUNCATE bikes_store_staging.{name}, bikes_store_staging.load_log")
        for made in (first, second):
            replace_rows(free, TABLES[name], made)
            assert free.run(name)[name].rows == len(made)
            assert free.staging_rows(name) == free.source_rows(name)
        for own_hash in (True, False):
            compared = free.run_day(name, LATER, list_keys=True, own_hash=own_hash)
            assert (compared.difference.text, compared.written, compared.deleted) == ("", 0, 0)

    arrives()


# ----------------------------------------------------------------------------------------------------------------------
# Orders of runs
# ----------------------------------------------------------------------------------------------------------------------

NAME = "salesreason"
KEYS = st.integers(1, 6)
OVERLAP = timedelta(hours=6)
DAY = timedelta(days=1)
FIRST_DAY = datetime(2024, 9, 1)

# now() of the source, as the extract asks for it, is what a test says.
CLOCK = """
CREATE SCHEMA clock;
CREATE TABLE clock.moment (at timestamptz);
INSERT INTO clock.moment VALUES ('2024-09-01');
CREATE FUNCTION clock.now() RETURNS timestamptz LANGUAGE sql STABLE AS 'SELECT at FROM clock.moment';
ALTER DATABASE test_source SET search_path = clock, pg_catalog, public;
"""


@dataclass(frozen=True)
class Version:
    """A row of the plain copy. ``number`` grows with each change of any row.

    ``is_promised``: it was committed no later after its change time than the overlap allows.
    """

    number: int
    stamp: datetime
    is_promised: bool

    def as_copied(self, key: int) -> tuple[str, ...]:
        return str(key), str(self.number), "x", self.stamp.isoformat(" ")


@dataclass
class Taken:
    """What one run has extracted: the plain copy at that moment, and which part of it the run promises to bring."""

    run_id: str
    at: datetime
    interval: Window
    rows: dict[int, Version]
    is_full: bool
    lists_keys: bool


@dataclass(eq=False)
class Machine(RuleBasedStateMachine):
    """A source that people write to, and a staging area that runs of both modes load, in any order.

    A load may delete the last row.

    The plain copy of the source is a dict. What staging must hold follows from it and from the README's promises, not
    from windows.
    """

    pipeline: Pipeline
    run_ids: count = field(default_factory=count)

    def __post_init__(self) -> None:
        super().__init__()
        self.copy: dict[int, Version] = {}
        self.deleted: dict[int, datetime] = {}
        self.numbers = count(1)
        self.taken: list[Taken] = []
        self.loaded_at = datetime.min  # when the source was read that staging holds
        self.staged: dict[int, tuple[str, ...]] = {}
        self._set_clock(FIRST_DAY + timedelta(hours=9))
        self.pipeline.in_source(f"TRUNCATE sales.{NAME} CASCADE")
        self.pipeline.in_staging(f"TRUNCATE bikes_store_staging.{NAME}, bikes_store_staging.load_log")

    @initialize(every_days=st.sampled_from([1, 1, 2, 0]))
    def begin(self, every_days: int) -> None:
        """A source with some rows; the platform looks for deleted rows after so many days."""
        self.every_days = every_days
        for key in (1, 2, 3):
            self._write(key, self.clock - 30 * DAY)

    # What people do in the source.

    @rule(key=KEYS)
    def write(self, key: int) -> None:
        """Insert or update a row, and stamp it."""
        self._write(key, self.clock)

    @rule(key=KEYS, hours=st.integers(0, 6))
    def write_late(self, key: int, hours: int) -> None:
        """A transaction that was open for hours: its stamp is from its beginning."""
        self._write(key, self.clock - timedelta(hours=hours))

    @rule(key=KEYS, days=st.integers(1, 9))
    def write_without_stamp(self, key: int, days: int) -> None:
        """A change without a new change time, or a row with a very old one."""
        self._write(key, self.clock - days * DAY)

    @rule(key=KEYS)
    def delete(self, key: int) -> None:
        self.pipeline.in_source(f"DELETE FROM sales.{NAME} WHERE salesreasonid = %s", (key,))
        if self.copy.pop(key, None):
            self.deleted[key] = self.clock

    # What the platform does.

    @rule(days=st.sampled_from([1, 1, 1, 2, 4]))
    def next_day(self, days: int) -> None:
        """The incremental run of yesterday. The stack may have been down for the days before."""
        self._begin_day(days)
        self._load(self._extract(self._yesterday()))

    @rule()
    def full_run(self) -> None:
        self._load(self._extract(None))

    @rule(days=st.integers(1, 6))
    def old_day_again(self, days: int) -> None:
        """A run of an old day is cleared as a whole, or made by a backfill."""
        interval = Window(self._yesterday().start - days * DAY, self._yesterday().end - days * DAY)
        self._load(self._extract(interval))

    @rule(is_full=st.booleans(), days=st.integers(0, 1))
    def load_fails(self, is_full: bool, days: int) -> None:
        """A run extracts, and its load fails."""
        if days:
            self._begin_day(days)
        self._extract(None if is_full else self._yesterday())

    @precondition(lambda self: self.taken)
    @rule(data=st.data())
    def clear_load(self, data: st.DataObject) -> None:
        """The load of some run is cleared: one that failed, or an old one that ended well."""
        self._load(data.draw(st.sampled_from(self.taken)))

    @invariant()
    def the_copy_is_the_source(self) -> None:
        if self.copy:
            assert {key: v.as_copied(key) for key, v in self.copy.items()} == keyed(self.pipeline.source_rows(NAME))

    # The steps that the rules share.

    def _write(self, key: int, stamp: datetime) -> None:
        self.copy[key] = Version(next(self.numbers), stamp, stamp >= self.clock - OVERLAP)
        self.deleted.pop(key, None)
        self.pipeline.in_source(
            f"INSERT INTO sales.{NAME} VALUES (%s, %s, %s, %s) ON CONFLICT (salesreasonid)"
            " DO UPDATE SET name = EXCLUDED.name, modifieddate = EXCLUDED.modifieddate",
            self.copy[key].as_copied(key),
        )
        self._set_clock(self.clock + timedelta(minutes=5))

    def _set_clock(self, to: datetime) -> None:
        self.clock = to
        self.pipeline.in_source("UPDATE clock.moment SET at = %s", (f"{to}+00",))

    def _begin_day(self, days: int) -> None:
        self._set_clock(datetime.combine(self.clock.date(), datetime.min.time()) + days * DAY + timedelta(minutes=10))

    def _yesterday(self) -> Window:
        end = datetime.combine(self.clock.date(), datetime.min.time())
        return Window(end - DAY, end)

    def _extract(self, interval: Window | None) -> Taken:
        """Extract as the task does: in full mode without an interval, else what it plans."""
        run_id = f"orders-{next(self.run_ids)}"
        window: Window | Full = FULL
        lists_keys = False
        if interval:
            with closing(psycopg2.connect(self.pipeline.warehouse_dsn)) as staging:
                held = held_until(staging, TABLES[NAME])
            window, lists_keys = plan(interval, held, OVERLAP), is_due(interval, held, self.every_days)
        self.pipeline.extract(NAME, run_id, window, lists_keys)
        is_full = window is FULL
        taken = Taken(
            run_id, self.clock, interval or self._yesterday(), dict(self.copy), is_full, lists_keys and not is_full
        )
        self.taken.append(taken)
        self._set_clock(self.clock + timedelta(minutes=5))
        return taken

    def _load(self, taken: Taken) -> None:
        if taken.at < self.loaded_at:
            with pytest.raises(Refused, match="already holds what run"):
                self.pipeline.load(NAME, taken.run_id, taken.interval)
            assert keyed(self.pipeline.staging_rows(NAME)) == self.staged
            return
        loaded = self.pipeline.load(NAME, taken.run_id, taken.interval, NO_LIMIT)
        before, self.staged = self.staged, keyed(self.pipeline.staging_rows(NAME))
        self.loaded_at = taken.at
        source = {key: version.as_copied(key) for key, version in taken.rows.items()}
        for key in before.keys() & self.staged.keys():
            assert int(self.staged[key][1]) >= int(before[key][1]), "an old row came back over a newer one"
        if taken.is_full or taken.lists_keys:
            assert self.staged.keys() <= source.keys(), "a deleted row is left"
        if taken.is_full:
            assert self.staged == source
            return
        for key, version in taken.rows.items():
            if version.stamp < taken.interval.end and (version.is_promised or version.stamp >= taken.interval.start):
                assert self.staged.get(key) == source[key], "a change that was stamped did not arrive"
        self._check_deletions(taken)
        self._check_difference(loaded, source, taken.lists_keys)

    def _check_deletions(self, taken: Taken) -> None:
        """What was deleted before the last day on which deletions were due is gone."""
        if not self.every_days:
            return
        period = self.every_days * DAY
        due = datetime(1970, 1, 1) + (taken.interval.end - datetime(1970, 1, 1)) // period * period
        for key, at in self.deleted.items():
            if at < due and at < taken.at:
                assert key not in self.staged, "a deletion was not found when it was due"

    def _check_difference(self, loaded: Loaded, source: dict[int, tuple[str, ...]], lists_keys: bool) -> None:
        """The load says in what staging differs from the source, as the extract saw it."""
        wrong = {
            "missing rows": source.keys() - self.staged.keys(),
            "rows deleted in the source": self.staged.keys() - source.keys(),
            "rows with other values": {key for key in source.keys() & self.staged if source[key] != self.staged[key]},
        }
        text, total = loaded.difference.text, sum(map(len, wrong.values()))
        assert bool(loaded.difference.rows) == bool(total) == bool(text)
        if not lists_keys:
            counts = f"staging has {len(self.staged)} rows, the source {len(source)}"
            assert (counts == text) == (len(self.staged) != len(source))
            return
        assert loaded.difference.rows == total
        for what, keys in wrong.items():
            assert (f"{what}: {len(keys)}, such as ({min(keys)})" in text) if keys else (what not in text)


def keyed(copied: list[tuple[str, ...]]) -> dict[int, tuple[str, ...]]:
    return {int(row[0]): row for row in copied}


def test_runs_in_any_order_keep_their_promises(pipeline):
    pipeline.in_source(CLOCK)
    pipeline.in_source("DO $$ BEGIN ASSERT now() = '2024-09-01'; END $$")
    run_ids = count()
    run_state_machine_as_test(
        lambda: Machine(pipeline, run_ids),  # type: ignore[arg-type]  # it is called, so a function will do
        # A failure is shown as it was found: to shrink it takes minutes, because each step asks two databases.
        settings=settings(
            max_examples=12,
            stateful_step_count=15,
            phases=(Phase.explicit, Phase.reuse, Phase.generate),
            suppress_health_check=list(HealthCheck),
        ),
    )
