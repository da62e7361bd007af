"""How a command ends: its exit code, and what it says."""

from __future__ import annotations

import os
import signal

import pytest

from cli.console import run_command
from cli.errors import UserError


@pytest.fixture(autouse=True)
def _keep_the_signal():
    before = signal.getsignal(signal.SIGTERM)
    yield
    signal.signal(signal.SIGTERM, before)


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
        os.kill(os.getpid(), number)
        signal.pause()
        return 0

    assert run_command(wait, "Stopped. `make demo` goes on.") == 130
    assert capsys.readouterr().out == "Stopped. `make demo` goes on.\n"
