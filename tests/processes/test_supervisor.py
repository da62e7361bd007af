"""A real supervisord: services start, die, hang and are stopped."""

from __future__ import annotations

import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from cli.errors import UserError
from cli.processes.supervisor import Gone, Service, Supervisor


def service(name, script, ready=lambda: True, **options):
    return Service(name, [sys.executable, "-u", "-c", script], ready, **options)


@pytest.fixture
def supervisor(tmp_path):
    made = Supervisor(tmp_path / "a folder with spaces, 100 % of them")
    made.home.mkdir()
    yield made
    made.shutdown()


SLEEP = "import time; print('up'); time.sleep(60)"


def test_service_comes_up_and_is_stopped(supervisor):
    log = supervisor.log_path("sleeper")
    supervisor.start_daemon([service("sleeper", SLEEP, lambda: log.read_text() == "up\n")])
    supervisor.start("sleeper")
    supervisor.wait_ready("sleeper", seconds=10)
    supervisor.check()
    assert supervisor.names == ["sleeper"]
    assert supervisor.is_ready("sleeper")
    assert Path(f"/proc/{supervisor.pid('sleeper')}/cmdline").read_bytes().endswith(SLEEP.encode() + b"\0")
    supervisor.stop("sleeper")
    assert supervisor.pid("sleeper") == 0
    supervisor.shutdown()
    assert not supervisor.is_running()
    assert supervisor.log_path("sleeper").read_text() == "up\n"


ENDS_SLOWLY = (
    "import signal, sys, time; signal.signal(15, lambda *_: (time.sleep(1), sys.exit())); print('up'); time.sleep(60)"
)


def test_whoever_watches_it_sees_that_it_is_about_to_go(supervisor):
    """As `make demo` does, while `make demo-down` ends supervisord in another terminal."""
    log = supervisor.log_path("slow")
    supervisor.start_daemon([service("slow", ENDS_SLOWLY, lambda: log.read_text() == "up\n")])
    supervisor.start("slow")
    supervisor.wait_ready("slow", seconds=10)
    supervisor._call("shutdown")  # noqa: SLF001 - shutdown() waits for the end
    assert supervisor.is_running()
    with pytest.raises(Gone):
        supervisor.check()


def test_several_may_stop_it_at_once(supervisor):
    """As when somebody presses Ctrl-C, and types `make demo-down` in another terminal."""
    supervisor.start_daemon([service("slow", ENDS_SLOWLY)])
    supervisor.start("slow")
    with ThreadPoolExecutor() as pool:
        list(pool.map(lambda _: Supervisor(supervisor.home).shutdown(), range(6)))
    assert not supervisor.is_running()


def test_service_that_dies_is_named_with_its_last_words(supervisor):
    script = "import sys; print('\\n'.join(f'line {n}' for n in range(100))); sys.exit('no disk left')"
    supervisor.start_daemon([service("fragile", script, lambda: False)])
    supervisor.start("fragile")
    with pytest.raises(UserError) as failure:
        supervisor.wait_ready("fragile", seconds=10)
    text = str(failure.value)
    assert "Service fragile stopped by itself" in text
    assert text.splitlines()[-1].strip() == "no disk left"
    assert "line 99" in text
    assert "line 9\n" not in text
    assert str(supervisor.log_path("fragile")) in text


def test_service_that_dies_while_another_is_waited_for_ends_the_wait(supervisor):
    supervisor.start_daemon([service("slow", SLEEP, lambda: False), service("fragile", "print('bye')")])
    supervisor.start("slow", "fragile")
    began = time.monotonic()
    with pytest.raises(UserError, match="Service fragile stopped by itself"):
        supervisor.wait_ready("slow", seconds=30)
    assert time.monotonic() - began < 10


def test_service_that_never_gets_ready_is_named(supervisor):
    def ready():
        raise ConnectionRefusedError("nobody\nlistens")

    supervisor.start_daemon([service("deaf", SLEEP, ready)])
    supervisor.start("deaf")
    with pytest.raises(UserError, match=r"Service deaf was not ready after 1 seconds \(nobody listens\)[\s\S]*up"):
        supervisor.wait_ready("deaf", seconds=1)


def test_command_that_does_not_exist_is_named(supervisor):
    supervisor.start_daemon([Service("missing", ["/no/such/program"], lambda: False)])
    with pytest.raises(
        UserError, match="Service missing can't be started: NO_FILE: can't find command '/no/such/program'"
    ):
        supervisor.start("missing")


NOT_YET = "import pathlib, sys, time; (tries := open('tries', 'a')).write('x'); tries.close();"
NOT_YET += " print('too early') or sys.exit(1) if len(pathlib.Path('tries').read_text()) < {} else time.sleep(60)"


def test_service_that_ends_at_once_is_started_again_as_often_as_it_says(supervisor):
    tries = supervisor.home / "tries"
    supervisor.start_daemon([service("early", NOT_YET.format(3), lambda: len(tries.read_text()) == 3, start_retries=2)])
    supervisor.start("early")
    supervisor.wait_ready("early", seconds=20)
    supervisor.check()


def test_service_that_does_not_come_up_is_named_after_its_last_try(supervisor):
    supervisor.start_daemon([service("never", NOT_YET.format(9), lambda: False, start_retries=1)])
    supervisor.start("never")
    with pytest.raises(UserError, match=r"Service never stopped by itself[\s\S]*too early"):
        supervisor.wait_ready("never", seconds=20)
    assert (supervisor.home / "tries").read_text() == "xx"


def test_environment_and_arguments_arrive_as_they_are(supervisor):
    value = "a, 100 % \\ value; = (é)"
    made = Service(
        "echo",
        [sys.executable, "-c", "import os, sys; print(os.environ['GIVEN'], sys.argv[1:])", "two words", 'a"b', "50%"],
        lambda: supervisor.log_path("echo").exists() and supervisor.log_path("echo").read_text() != "",
        {"GIVEN": value},
    )
    supervisor.start_daemon([made])
    supervisor.start("echo")
    deadline = time.monotonic() + 10
    while not made.ready() and time.monotonic() < deadline:
        time.sleep(0.1)
    assert supervisor.log_path("echo").read_text() == f"{value} ['two words', 'a\"b', '50%']\n"


def test_configuration_is_private(supervisor):
    supervisor.start_daemon([service("sleeper", SLEEP, environment={"PASSWORD": "x"})])
    assert (supervisor.home / "supervisord.conf").stat().st_mode & 0o077 == 0


def test_a_second_supervisor_of_the_folder_finds_and_stops_the_first(supervisor):
    supervisor.start_daemon([service("sleeper", SLEEP)])
    supervisor.start("sleeper")
    other = Supervisor(supervisor.home)
    assert other.is_running()
    other.shutdown()
    assert not supervisor.is_running()


@pytest.mark.parametrize("value", ['a"b', "'a'", "a\nb"])
def test_value_that_would_arrive_changed_is_refused(supervisor, value):
    with pytest.raises(ValueError, match="can't pass on quotes or line ends in GIVEN of sleeper"):
        supervisor.start_daemon([service("sleeper", SLEEP, environment={"GIVEN": value})])


STUBBORN = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up'); time.sleep(60)"


def test_services_of_a_lower_priority_are_stopped_after_those_that_use_them(supervisor):
    """Also by somebody who did not start them."""
    tells = (
        "import atexit, signal, sys, time; signal.signal(signal.SIGTERM, lambda *_: sys.exit()); print('up');"
        " atexit.register(lambda: (time.sleep({0}), open('order', 'a').write('{1} '))); time.sleep(60)"
    )
    started = [
        service("database", tells.format(0, "database"), priority=0),
        service("slow", tells.format(1, "slow"), priority=2),
        service("quick", tells.format(0.5, "quick"), priority=2),
    ]
    supervisor.start_daemon(started)
    supervisor.start("database", "slow", "quick")
    for name in ("database", "slow", "quick"):
        wait_for_text(supervisor.log_path(name), "up\n")
    began = time.monotonic()
    Supervisor(supervisor.home).shutdown()
    assert (supervisor.home / "order").read_text().split() == ["quick", "slow", "database"]
    assert time.monotonic() - began < 5


def test_service_that_does_not_stop_is_killed_after_its_time(supervisor):
    supervisor.start_daemon([service("stubborn", STUBBORN, stop_seconds=1)])
    supervisor.start("stubborn")
    wait_for_text(supervisor.log_path("stubborn"), "up\n")
    began = time.monotonic()
    supervisor.shutdown()
    assert time.monotonic() - began < 6
    assert not supervisor.is_running()


def wait_for_text(path, text):
    deadline = time.monotonic() + 10
    while not path.exists() or path.read_text() != text:
        assert time.monotonic() < deadline, path
        time.sleep(0.05)
