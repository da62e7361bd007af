"""Alerts that Slack has not taken yet, as files: they outlive the process that a task failed in.

Tasks that fail at the same time share the folder. One of them sends the alerts of all, while the others wait.
"""

from __future__ import annotations

import fcntl
import json
import logging
import time
import uuid
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

log = logging.getLogger(__name__)

#: Seconds after which an alert is of no use to anybody.
TOO_OLD = 7 * 24 * 3600


@dataclass(frozen=True)
class Alert:
    """What a person must know about a task to act: the task failed, or it succeeded with a warning."""

    dag_id: str
    task_id: str
    run_id: str
    try_number: int
    error: str
    log_url: str
    warning: bool = False


class Outbox:
    """A folder with a file for each alert; it is made when it is needed."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._lock, self._refusal = folder / "lock", folder / "refusal"

    def put(self, alert: Alert) -> Path:
        """Keep an alert; returns its file, which exists until Slack has taken the alert.

        :raises OSError: when it can't be written.
        """
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        file = self.folder / f"{time.time_ns()}-{uuid.uuid4().hex}.json"
        unfinished = file.with_suffix(".new")
        unfinished.write_text(json.dumps(asdict(alert)))
        unfinished.rename(file)
        return file

    def waiting(self) -> dict[Path, Alert]:
        """The alerts by their files, the oldest first. Those that are too old, or can't be read, are removed."""
        found = {}
        for file in sorted(self.folder.glob("*.json")):
            try:
                alert = Alert(**json.loads(file.read_text()))
            except FileNotFoundError:  # another process has sent it
                continue
            except (ValueError, TypeError):
                log.exception("%s is not an alert, so it is removed.", file)
                self.remove([file])
                continue
            if time.time() - file.stat().st_mtime > TOO_OLD:
                log.error("An alert was not sent for %d days, so it is dropped: %s", TOO_OLD // 86400, alert)
                self.remove([file])
                continue
            found[file] = alert
        return found

    def remove(self, files: Iterable[Path]) -> None:
        for file in files:
            file.unlink(missing_ok=True)

    @contextmanager
    def locked(self) -> Iterator[bool]:
        """Whether this process is the one that sends, for the length of the block."""
        with self._lock.open("a") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                yield False
            else:
                yield True

    def remember_refusal(self) -> None:
        """Remember that Slack took nothing now."""
        self._refusal.touch()

    def refused_at(self) -> float:
        """When Slack last took nothing, in seconds since 1970; 0 if it never did."""
        return self._refusal.stat().st_mtime if self._refusal.exists() else 0.0
