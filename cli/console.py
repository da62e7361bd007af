"""Run a command of this package for a person: its output, its errors as a sentence, its exit code."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable

from rich.console import Console
from rich.markup import escape

from cli.errors import UserError

_LOG_WIDTH = 110  # for output that goes to a file or to CI's log


def run_command(command: Callable[[Console], int], when_stopped: str) -> int:
    """Run a command; returns its exit code.

    A :class:`UserError` prints its sentence and gives 1. Ctrl-C and SIGTERM give 130.

    :param when_stopped: the text to print after Ctrl-C: what is left, and how to go on.
    """
    # COLUMNS, which rich heeds, says how wide a file is to be.
    is_told = sys.stdout.isatty() or os.environ.get("COLUMNS", "").isdigit()
    console = Console(highlight=False, width=None if is_told else _LOG_WIDTH)
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
