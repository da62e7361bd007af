"""cli/start.py: Ctrl-C ends a command with a sentence and exit code 130, however far it has come."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time

import pytest

from cli.paths import REPOSITORY
from cli.start import OLDEST
from tests.support.make import environment

SLOW = "import time\nprint('begun', flush=True)\ntime.sleep(30)\n"
NOTHING_BEGUN = "\nStopped before anything had begun.\n"
HELD = ("env", "--block-signal=INT")


@pytest.fixture
def start(tmp_path):
    """Start a command as make does; the folder tmp_path comes first where Python looks for modules."""
    started = []

    def run(*command, ignores=False):
        def set_signal():
            signal.signal(signal.SIGINT, signal.SIG_IGN if ignores else signal.SIG_DFL)

        process = subprocess.Popen(
            command,
            cwd=REPOSITORY,
            env=environment(PYTHONPATH=f"{tmp_path}:dags"),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
            preexec_fn=set_signal,
        )
        started.append(process)
        return process

    yield run
    for process in started:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()


def interrupt(process):
    """Press Ctrl-C when the process says that it has begun; returns its exit code and what it said of it."""
    assert process.stdout.readline() == "begun\n"
    os.killpg(process.pid, signal.SIGINT)  # as a terminal does: to all of its group
    _, errors = process.communicate(timeout=20)
    return process.returncode, errors


def command(module, *arguments):
    return (sys.executable, "-S", "cli/start.py", module, *arguments)


def test_while_python_itself_starts(start, tmp_path):
    (tmp_path / "sitecustomize.py").write_text(SLOW)
    assert interrupt(start(*command("cli.processes", "up"))) == (130, NOTHING_BEGUN)


@pytest.mark.parametrize("module", ["cli.processes", "cli.containers", "cli.run", "bench"])
def test_while_the_command_imports(start, tmp_path, module):
    (tmp_path / "rich").mkdir()
    (tmp_path / "rich" / "__init__.py").write_text(SLOW)
    assert interrupt(start(*command(module))) == (130, NOTHING_BEGUN)


def test_while_it_works(start, tmp_path):
    (tmp_path / "slow.py").write_text(f"def main():\n    {'    '.join(SLOW.splitlines(keepends=True))}")
    assert interrupt(start(*command("slow"))) == (130, "\nStopped.\n")


def test_at_any_moment_of_the_start(start):
    """Python's own first milliseconds too, for which make holds the signal back."""
    if subprocess.run([*HELD, "true"], capture_output=True).returncode != 0:
        pytest.skip("this system's env can't hold a signal back")
    for milliseconds in range(5, 75, 7):
        process = start(*HELD, *command("cli.containers", "images"))
        time.sleep(milliseconds / 1000)
        os.killpg(process.pid, signal.SIGINT)
        said = process.communicate(timeout=20)
        # It may end before env has held the signal back.
        assert (process.returncode, said) in ((130, ("", NOTHING_BEGUN)), (-signal.SIGINT, ("", ""))), milliseconds


def test_what_runs_in_the_background_goes_on(start, tmp_path):
    """A shell has it ignore SIGINT."""
    (tmp_path / "slow.py").write_text(f"{SLOW.replace('30', '0.5')}def main():\n    return 3\n")
    assert interrupt(start(*command("slow"), ignores=True)) == (3, "")


def test_arguments_and_exit_code_go_through(start, tmp_path):
    (tmp_path / "told.py").write_text("import sys\ndef main():\n    print(sys.argv[1:])\n    return 7\n")
    process = start(*command("told", "a", "b c"))
    assert (process.communicate()[0], process.returncode) == ("['a', 'b c']\n", 7)


def test_make_ends_with_the_sentence_too(start, tmp_path):
    (tmp_path / "sitecustomize.py").write_text(SLOW)
    code, errors = interrupt(start("make", "doctor", f"PYTHONPATH={tmp_path}", "FOR=demo"))
    assert code in (130, -signal.SIGINT)
    assert errors.count(NOTHING_BEGUN) == 1  # before what make says itself, or after it
    assert "Traceback" not in errors


def test_each_command_of_make_is_started_so():
    """Those that no module of this repository is behind (pytest, ruff, …) see to Ctrl-C themselves."""
    makefile = (REPOSITORY / "Makefile").read_text()
    assert re.findall(r"^.*(?:\$\(PYTHON\)|\$\(COMMANDS\)|python3) -m .*$", makefile, re.MULTILINE) == []
    started = re.findall(r"\$\(START\) (\S+)", makefile)
    both = {"cli.run", "cli.status", "cli.endpoints", "cli.dictionary", "cli.doctor", "bench", "$(STACK)"}
    assert set(started) == {"cli.processes", "cli.containers", "cli.kubernetes", *both}
    assert makefile.count("$(HELD)") == len(started)


def test_a_python_that_is_too_old_is_told():
    """Nobody has one at hand, so its number is put in place of this one's."""
    text = (REPOSITORY / "cli" / "start.py").read_text().replace("OLDEST = (3, 8)", "OLDEST = (9, 0)")
    done = subprocess.run([sys.executable, "-c", text, "cli.doctor"], capture_output=True, text=True, cwd=REPOSITORY)
    assert done.returncode == 1
    assert re.fullmatch(r"Python 9\.0 or later is needed; this one is 3\.\d+\.\n", done.stderr)
    shown = ".".join(map(str, OLDEST))
    assert f"install Python {shown} or later" in (REPOSITORY / "Makefile").read_text()
