"""A command of this package as a person meets it: its output, its errors in a sentence, its exit code."""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable

from rich.console import Console
from rich.markup import escape

from cli.errors import UserError

_LOG_WIDTH = 110  # of output that goes to a file or to CI's log


def run_command(command: Callable[[Console], int], when_stopped: str) -> int:
    """Run a command; returns its exit code.

    A :class:`UserError` becomes one sentence and 1; Ctrl-C, or being told to end, becomes 130.

    :param when_stopped: what to say after Ctrl-C: what is left, and how to go on.
    """
    console = Console(highlight=False, width=None if sys.stdout.isatty() else _LOG_WIDTH)
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        return command(console)
    except UserError as error:
        console.print(f"[bold red]✗[/bold red] {escape(str(error))}")
        return 1
    except KeyboardInterrupt:
        console.print(when_stopped)
        return 130


def _interrupt(*_: object) -> None:
    raise KeyboardInterrupt
