"""Run a command of this package for a person: its output, its errors as a sentence, its exit code."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.markup import escape

from cli.errors import Stopped, UserError

_LOG_WIDTH = 110  # for output that goes to a file or to CI's log
_SIGNALS = (signal.SIGINT, signal.SIGTERM)


def run_command(command: Callable[[Console], int], when_stopped: str) -> int:
    """Run a command; returns its exit code.

    A :class:`UserError` prints its sentence and gives 1. Ctrl-C and SIGTERM give 130.

    :param when_stopped: the text to print after Ctrl-C: what is left, and how to go on. A :class:`Stopped` has its own.
    """
    # COLUMNS, which rich heeds, says how wide a file is to be.
    is_told = sys.stdout.isatty() or os.environ.get("COLUMNS", "").isdigit()
    console = Console(highlight=False, width=None if is_told else _LOG_WIDTH)
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        return command(console)
    except UserError as error:
        # A line end of ours would cut a command in it in two for whoever copies it.
        console.print(f"[bold red]✗[/bold red] {escape(str(error))}", soft_wrap=True)
        return 1
    except KeyboardInterrupt as stopped:
        console.print(escape(str(stopped)) or when_stopped)
        return 130


@contextmanager
def when_stopped(sentence: str) -> Iterator[None]:
    """Give Ctrl-C and SIGTERM a text of their own in a part of a command. Of parts in parts, the outer one speaks."""
    try:
        yield
    except KeyboardInterrupt:
        raise Stopped(sentence) from None


@contextmanager
def uninterrupted(sentence: str, say: Callable[[str], None] = print) -> Iterator[None]:
    """Let a part of a command come to its end, whatever signals come.

    :param sentence: what is said at the first of them.
    """
    told = False

    def tell() -> None:
        nonlocal told
        if not told:
            told = True
            say(sentence)

    with held_back(tell):
        yield


@contextmanager
def held_back(came: Callable[[], None]) -> Iterator[None]:
    """Call a function for each Ctrl-C and SIGTERM in a part of a command, in place of what they do otherwise."""
    if threading.current_thread() is not threading.main_thread():  # no other gets a signal
        yield
        return
    # What is ignored stays so: a shell ignores SIGINT for what it runs in the background.
    heeded = [number for number in _SIGNALS if signal.getsignal(number) != signal.SIG_IGN]
    before = {number: signal.signal(number, lambda *_: came()) for number in heeded}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _interrupt(*_: object) -> None:
    raise KeyboardInterrupt
