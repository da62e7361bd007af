"""Run a program that must not be cut off in the middle: Terraform, while it makes or removes things.

It runs in a session of its own, so that Ctrl-C reaches this process alone, which passes it on, once. Its output is read
to its end whatever becomes of this terminal: a program whose output nobody reads is killed by its next line (SIGPIPE).
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import IO, TextIO

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def follow(
    command: Sequence[str], environment: Mapping[str, str], at_stop: str, at_second_stop: str, quiet: bool = False
) -> tuple[int, str, str]:
    """Run a program and show what it says. Returns its exit code, its output and its errors.

    A first Ctrl-C, SIGTERM or SIGHUP is passed on as SIGINT, and the program is waited for. A second one kills it with
    all that it started.

    :param at_stop: what to print at the first.
    :param at_second_stop: what to print at the second.
    :param quiet: do not show its output; its errors are shown in any case.
    :raises KeyboardInterrupt: after the program has ended, when it was asked to stop.
    """
    output: list[str] = []
    errors: list[str] = []
    process: subprocess.Popen[str] | None = None
    times = 0

    def stop() -> None:
        nonlocal times
        times += 1
        _show(sys.stderr, f"\n{at_stop if times == 1 else at_second_stop}\n")
        if process is None:
            return  # it hears of it as soon as it has begun
        if times == 1:
            with suppress(ProcessLookupError):
                process.send_signal(signal.SIGINT)
        else:
            _kill_session(process.pid)

    # Before it begins: a Ctrl-C that came in between would end this process alone.
    with _handling(stop):
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,  # in another session it could not read from the terminal
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            errors="replace",
            env=environment,
            start_new_session=True,
        )
        if times:
            process.send_signal(signal.SIGINT)
        readers = [
            threading.Thread(target=_read, args=(process.stdout, output, None if quiet else sys.stdout)),
            threading.Thread(target=_read, args=(process.stderr, errors, sys.stderr)),
        ]
        for reader in readers:
            reader.start()
        process.wait()
        # What it started and left behind would hold the pipes, and the engine, for ever.
        _kill_session(process.pid)
        for reader in readers:
            reader.join()
    if times:
        raise KeyboardInterrupt
    return process.returncode, "".join(output), "".join(errors)


def _read(pipe: IO[str] | None, lines: list[str], shown_on: TextIO | None) -> None:
    for line in pipe or ():
        lines.append(line)
        if shown_on is not None:
            _show(shown_on, line)


def _show(stream: TextIO, text: str) -> None:
    """Write, if anybody is there to read."""
    with suppress(OSError, ValueError):
        stream.write(text)
        stream.flush()


def _kill_session(leader: int) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(leader, signal.SIGKILL)


@contextmanager
def _handling(stop: Callable[[], None]) -> Iterator[None]:
    # What is ignored stays so: nohup ignores SIGHUP, and a shell SIGINT for what it runs in the background.
    heeded = [number for number in _SIGNALS if signal.getsignal(number) != signal.SIG_IGN]
    before = {number: signal.signal(number, lambda *_: stop()) for number in heeded}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
