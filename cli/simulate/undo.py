"""What a scenario breaks is mended, however it ends: after its run, after an error, after Ctrl-C, after a kill.

What is to be undone is noted in a file before anything is broken. A process that was killed mends nothing, but the
next one finds the file.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

import psycopg2

from cli.console import held_back
from cli.database import connect
from cli.errors import UserError
from cli.files import write_private
from cli.simulate.stack import Stack


@dataclass(frozen=True)
class Undo:
    """How something is mended: SQL in the source, which may run twice, and the old value of a variable of Airflow.

    ``says`` is what is right again after that, as a sentence.
    """

    says: str
    sql: str = ""
    variable: str = ""
    value: str = ""

    def apply(self, stack: Stack) -> None:
        if self.sql:
            with connect(stack.source_dsn) as connection, connection.cursor() as cursor:
                cursor.execute(self.sql)
        if self.variable:
            stack.set_variable(self.variable, self.value)


class Undoes:
    """What is to be undone, in a file beside the stack's endpoints."""

    def __init__(self, path: Path, stack: Stack, tell: Callable[[str], None]) -> None:
        self._path = path
        self._stack = stack
        self._tell = tell

    @contextmanager
    def after(self, undo: Undo) -> Iterator[None]:
        """Undo something at the end of the block, whatever ends it."""
        self._keep([*self._kept(), undo])
        try:
            yield
        finally:
            with _no_interrupt():
                self._apply(undo)

    def finish(self) -> None:
        """Undo what a simulate that was killed has left."""
        for undo in reversed(self._kept()):
            with _no_interrupt():
                self._apply(undo)

    def _apply(self, undo: Undo) -> None:
        try:
            undo.apply(self._stack)
        except (psycopg2.Error, UserError) as error:
            raise UserError(
                f"What the scenario broke is still broken ({str(error).strip().splitlines()[0]}): the next"
                f" `make simulate SCENARIO=…` mends it first. Then: {undo.says}"
            ) from error
        self._keep([kept for kept in self._kept() if kept != undo])
        self._tell(f"Undone: {undo.says}")

    def _kept(self) -> list[Undo]:
        if not self._path.exists():
            return []
        return [Undo(**one) for one in json.loads(self._path.read_text())]

    def _keep(self, undoes: list[Undo]) -> None:
        if undoes:
            write_private(self._path, json.dumps([asdict(undo) for undo in undoes]))
        else:
            self._path.unlink(missing_ok=True)


@contextmanager
def _no_interrupt() -> Iterator[None]:
    """Let Ctrl-C wait: what was begun to be mended is mended."""
    came: list[bool] = []
    with held_back(lambda: came.append(True)):
        yield
    if came:
        raise KeyboardInterrupt
