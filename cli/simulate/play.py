"""A scenario as it is played: what it chose, what it did in the source, what the runs made of it, act by act."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any, Protocol

import psycopg2

from cli.database import connect
from cli.errors import UserError
from cli.simulate.stack import Outcome, Stack, one_row
from cli.simulate.undo import Undo, Undoes
from cli.simulate.watch import STATIONS, Moved, Picture, Watch, compare, picture, text


@dataclass(frozen=True)
class Scenario:
    """``line`` is for the list of all; ``learn`` and ``look`` are what to learn, and what to look at in Airflow.

    ``play`` plays it. A text may hold {names} of what the play chose.
    """

    name: str
    line: str
    learn: str
    look: str
    play: Callable[[Play], None]


@dataclass(frozen=True)
class Table:
    """Figures to show in an act: names of columns, rows, and whether all is as it should be."""

    columns: Sequence[str]
    rows: Sequence[Sequence[str]]
    is_right: bool = True


@dataclass
class Act:
    """A part of a play: what happens, by which SQL, with which runs, and what moved since the act before.

    ``note`` is what else there is to say of it. ``is_folded`` says that its rows are many: the page shows them when
    somebody asks.
    """

    title: str
    happens: str
    day: date
    sql: list[str] = field(default_factory=list)
    outcomes: list[Outcome] = field(default_factory=list)
    moved: Sequence[Moved] = ()
    note: str = ""
    table: Table | None = None
    is_folded: bool = False


class Stage(Protocol):
    """Who watches a play while it goes on."""

    def opens(self, act: Act) -> None:
        """An act begins: its title and its text are known."""

    def ran(self, outcome: Outcome) -> None:
        """A run has ended."""

    def closes(self, act: Act) -> None:
        """An act has ended: all of it is known."""

    def says(self, sentence: str) -> None:
        """Something to know now."""


class Play:
    """One scenario on one stack.

    :param day: the business day of the scenario.
    :param last_day: the last day that is over.
    :param notes: the file that keeps what is to be undone.
    :param settings: what else make got: ``days``, ``seed``.
    """

    def __init__(
        self,
        stack: Stack,
        stage: Stage,
        day: date,
        last_day: date,
        notes: Path,
        settings: dict[str, Any] | None = None,
    ) -> None:
        self.stack, self.day, self.last_day = stack, day, last_day
        self.settings = settings or {}
        self.chosen: dict[str, Any] = {"day": day}
        self.acts: list[Act] = []
        self.stage, self.notes = stage, notes
        self._undoes = Undoes(notes, stack, stage.says)
        self._watches: Sequence[Watch] = ()
        self._before: Picture = {}

    def choose(self, sql: str, missing: str) -> None:
        """Choose what the scenario is about: the one row of a query of the source.

        :param missing: the sentence to refuse with when there is no row, or a part of it is missing.
        """
        row = one_row(self.stack.source_dsn, sql, self.chosen)
        if row is None or None in row.values():
            raise UserError(missing)
        self.chosen.update(row)

    def watch(self, *watches: Watch | Sequence[Watch]) -> None:
        """Look at rows, from now on; those of one station are shown together."""
        flat = [one for given in watches for one in ([given] if isinstance(given, Watch) else given)]
        self._watches = sorted(flat, key=lambda one: STATIONS.index(one.station))
        self._before = self._look()

    def begin(self, title: str, happens: str, day: date | None = None) -> None:
        """Begin an act."""
        act = Act(self.text(title), self.text(happens), day or self.day)
        self.acts.append(act)
        self.stage.opens(act)

    def change(self, sql: str) -> None:
        """Change the source, in one transaction.

        :raises UserError: when PostgreSQL refuses; the source is as it was then.
        """
        try:
            with connect(self.stack.source_dsn) as connection, connection.cursor() as cursor:
                cursor.execute(sql, self.chosen)
                self.acts[-1].sql.append(cursor.query.decode().strip())
        except psycopg2.Error as error:
            words = (error.diag.message_primary or str(error)).strip()
            raise UserError(
                f"The source refused what the scenario does ({words}) and is as it was: is it a dump with rules of its"
                " own?"
            ) from error

    def run(self, day: date | None = None, watch: Callable[[], None] = lambda: None) -> Outcome:
        """Run both DAGs for a day; both must succeed.

        :raises UserError: when one fails.
        """
        outcome = self._run(day, watch)
        if outcome.failed:
            raise UserError(
                f"The run {outcome.run_id} failed, which is not part of the scenario: task {outcome.failed.task_id}"
                f" says: {outcome.failed.sentence}"
            )
        return outcome

    def run_that_fails(self) -> Outcome:
        """Run both DAGs; a task must fail.

        :raises UserError: when none does.
        """
        outcome = self._run(None, lambda: None)
        if not outcome.failed:
            raise UserError(f"The run {outcome.run_id} should have failed, and did not: the scenario can't go on.")
        return outcome

    def end(self, note: str = "", table: Table | None = None, is_folded: bool = False) -> Act:
        """End an act: look at the rows again."""
        act, after = self.acts[-1], self._look()
        act.moved, act.note, act.table, act.is_folded = compare(self._before, after), note, table, is_folded
        self._before = after
        self.stage.closes(act)
        return act

    def undone_after(self, undo: Undo) -> AbstractContextManager[None]:
        """Undo something at the end of a block, whatever ends it."""
        return self._undoes.after(undo)

    def mend_leftovers(self) -> None:
        """Undo what a play that was killed has left."""
        self._undoes.finish()

    @contextmanager
    def with_variable(self, name: str, value: str, says: str) -> Iterator[None]:
        """A block in which a variable of Airflow has another value. After it, the value is what it was.

        :param says: what is right again after the block.
        """
        with self.undone_after(Undo(says, variable=name, value=self.stack.variable(name))):
            self.stack.set_variable(name, value)
            yield

    def text(self, words: str) -> str:
        """A text with what was chosen filled in."""
        return words.format(**{name: text(value) for name, value in self.chosen.items()})

    def _run(self, day: date | None, watch: Callable[[], None]) -> Outcome:
        outcome = self.stack.run(day or self.day, watch)
        self.acts[-1].outcomes.append(outcome)
        self.stage.ran(outcome)
        return outcome

    def _look(self) -> Picture:
        return picture(self._watches, self.stack.source_dsn, self.stack.warehouse_dsn, self.chosen)
