"""How a command ends: its exit code, and what it says."""

from __future__ import annotations

import signal
import threading
import time

import pytest

from cli.console import run_command, uninterrupted, when_stopped
from cli.errors import UserError

pytestmark = pytest.mark.usefixtures("signals")


def test_its_own_exit_code():
    assert run_command(lambda console: 3, "Stopped.") == 3


def test_an_error_is_a_sentence(capsys):
    def fail(_):
        raise UserError("Port [8080] is taken.")

    assert run_command(fail, "Stopped.") == 1
    assert capsys.readouterr().out == "✗ Port [8080] is taken.\n"


def test_a_command_in_an_error_can_be_copied(capsys):
    command = "make demo " + " ".join(f"A_PORT_{number}=1" for number in range(30))

    def fail(_):
        raise UserError(f"Ports are taken: `{command}`.")

    assert run_command(fail, "Stopped.") == 1
    assert command in capsys.readouterr().out


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


def test_a_part_of_a_command_has_its_own_text(capsys):
    def wait(_):
        with when_stopped("The run [1] goes on in Airflow."):
            signal.raise_signal(signal.SIGINT)
        return 0

    assert run_command(wait, "Stopped.") == 130
    assert capsys.readouterr().out == "The run [1] goes on in Airflow.\n"


def test_of_parts_in_parts_the_outer_one_speaks(capsys):
    """`make demo` ends the services, so that the run does not go on."""

    def wait(_):
        with when_stopped("Stopped. `make demo` goes on."), when_stopped("The run goes on in Airflow."):
            signal.raise_signal(signal.SIGINT)
        return 0

    assert run_command(wait, "Stopped.") == 130
    assert capsys.readouterr().out == "Stopped. `make demo` goes on.\n"


def test_what_must_end_ends_whatever_signals_come(capsys):
    ended = []

    def wait(_):
        try:
            signal.raise_signal(signal.SIGINT)
        finally:
            with uninterrupted("The services are being stopped."):
                for number in (signal.SIGINT, signal.SIGTERM, signal.SIGINT):
                    signal.raise_signal(number)
                ended.append(True)
        return 0

    assert run_command(wait, "Stopped.") == 130
    assert ended == [True]
    assert capsys.readouterr().out == "The services are being stopped.\nStopped.\n"
    assert signal.getsignal(signal.SIGINT) == signal.default_int_handler


def test_other_threads_get_no_signals_and_change_no_handlers():
    done = []

    def end():
        with uninterrupted("Never said."):
            done.append(True)

    thread = threading.Thread(target=end)
    thread.start()
    thread.join()
    assert done == [True]
