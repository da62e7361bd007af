"""How a command ends: its exit code, and what it says."""

from __future__ import annotations

import signal
import time

import pytest

from cli.console import run_command
from cli.errors import UserError


@pytest.fixture(autouse=True)
def _signals():
    """As Python sets them. A shell starts what it runs in the background with SIGINT ignored."""
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


def test_its_own_exit_code():
    assert run_command(lambda console: 3, "Stopped.") == 3


def test_an_error_is_a_sentence(capsys):
    def fail(_):
        raise UserError("Port [8080] is taken.")

    assert run_command(fail, "Stopped.") == 1
    assert capsys.readouterr().out == "✗ Port [8080] is taken.\n"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_being_told_to_end_says_how_to_go_on(capsys, number):
    def wait(_):
        signal.raise_signal(number)
        time.sleep(10)
        return 0

    assert run_command(wait, "Stopped. `make demo` goes on.") == 130
    assert capsys.readouterr().out == "Stopped. `make demo` goes on.\n"


@pytest.mark.parametrize(("columns", "width"), [("60", 60), ("", 110), ("wide", 110)])
def test_output_that_is_no_terminal_is_as_wide_as_it_is_told(monkeypatch, capsys, columns, width):
    monkeypatch.setenv("COLUMNS", columns)

    def talk(console):
        console.print("word " * 60)
        return 0

    assert run_command(talk, "Stopped.") == 0
    assert max(map(len, capsys.readouterr().out.splitlines())) in range(width - 5, width + 1)
