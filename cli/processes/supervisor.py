"""Start services under supervisord in order, watch them, stop them. http://supervisord.org

No service is restarted. In a demo and in a test, a service that dies is a fault; its last lines are shown. One that
ends as soon as it was started may be started again, if it says so.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Mapping
from configparser import RawConfigParser
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from http.client import HTTPException
from pathlib import Path
from typing import Any
from xmlrpc.client import Fault, ServerProxy

from supervisor.states import ProcessStates
from supervisor.xmlrpc import Faults, SupervisorTransport

from cli.errors import UserError
from cli.files import write_private
from cli.processes.settings import runtime_directory

LINES_SHOWN = 25
_LONGEST_STOP = 30
_PROGRAM = "program:"
_SUPERVISORD = (sys.executable, "-m", "supervisor.supervisord", "--nodaemon", "--configuration")
_DOWN = (ProcessStates.EXITED, ProcessStates.FATAL)
# A service that ends within so many seconds of its start has not come up.
_SECONDS_TO_COME_UP = 3
_ENDED = (*_DOWN, ProcessStates.STOPPED)


@dataclass(frozen=True)
class Metrics:
    """The address of a service's metrics, and its job in Prometheus."""

    job: str
    address: str


@dataclass(frozen=True)
class Service:
    """A process to run.

    ``ready`` says whether the service does its work; it may raise an error while the service does not. ``user`` is the
    user that runs it, if not this one. ``stop_signal`` is the signal that ends it; after ``stop_seconds`` it is killed.
    A service that ends at once is started again ``start_retries`` times, after 1, 2, 3 … seconds.
    Services of one ``priority`` are stopped side by side, after those of a higher one, which may still use them.
    ``metrics`` is where Prometheus reads its metrics, if it has some.
    """

    name: str
    command: list[str]
    ready: Callable[[], bool]
    environment: Mapping[str, str] = field(default_factory=dict)
    directory: Path | None = None
    user: str | None = None
    stop_signal: str = "TERM"
    stop_seconds: int = 20
    start_retries: int = 0
    priority: int = 1
    metrics: Metrics | None = None


class Gone(ConnectionError):
    """There is no supervisord. Another command may have ended it."""


class Going(Gone):
    """supervisord is about to go, and takes no calls."""


class Supervisor:
    """The supervisord of one folder, which holds its configuration and the services' logs."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.logs = home / "logs"
        self._runtime = runtime_directory(home)
        self._socket = self._runtime / "supervisor.sock"
        self._configuration_path = home / "supervisord.conf"
        self._services: dict[str, Service] = {}

    def is_running(self) -> bool:
        try:
            self._call("getState")
        except Going:
            return True
        except Gone:
            return False
        return True

    def start_daemon(self, services: Iterable[Service]) -> None:
        """Start supervisord. It knows the services then, but has not started them."""
        self._services = {service.name: service for service in services}
        self.logs.mkdir(parents=True, exist_ok=True)
        self._runtime.mkdir(mode=0o700, exist_ok=True)
        if self._runtime.stat().st_uid != os.getuid():
            raise UserError(f"{self._runtime} belongs to somebody else: remove it.")
        write_private(self._configuration_path, self._configuration())  # it holds the services' passwords
        subprocess.Popen(
            [*_SUPERVISORD, self._configuration_path.name],
            cwd=self.home,  # so its own paths are relative: it can't read a "%" in the path of a log, escaped or not
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,  # Ctrl-C goes to the demo, which then stops the services in order
        )
        if not _wait(self.is_running, 20):
            raise UserError(f"supervisord did not start; its log is {self.logs / 'supervisord.log'}.")

    def start(self, *names: str) -> None:
        """Start services, without waiting for them."""
        for name in names:
            try:
                self._call("startProcess", name, False)
            except Fault as fault:
                raise UserError(f"Service {name} can't be started: {fault.faultString}.") from fault

    def wait_ready(self, *names: str, seconds: float = 120) -> None:
        """Wait until the named services do their work.

        :raises UserError: when any service of this supervisor dies, or one is not ready in time.
        """
        waiting = dict.fromkeys(names, "")
        deadline = time.monotonic() + seconds
        while waiting:
            self.check()
            waiting = {name: why for name in waiting if (why := _why_not(self._services[name].ready)) is not None}
            if waiting and time.monotonic() > deadline:
                name, why = next(iter(waiting.items()))
                raise UserError(self._last_words(name, f"was not ready after {seconds:.0f} seconds{why}"))
            if waiting:
                time.sleep(0.2)

    def check(self) -> None:
        """Check that every service that was started still runs.

        :raises UserError: when one has ended; the message has the last lines of its log.
        :raises Gone: when somebody else has ended supervisord.
        """
        for process in self._call("getAllProcessInfo"):
            if process["state"] in _DOWN:
                how = process["spawnerr"] or f"exit status {process['exitstatus']}"
                raise UserError(self._last_words(process["name"], f"stopped by itself ({how})"))

    def stop(self, *names: str) -> None:
        """Stop services one after another, in the order given. A service that does not run is skipped."""
        for name in names:
            self._stop(name, wait=True)

    def is_ready(self, name: str) -> bool:
        """Whether a service does its work now."""
        return _why_not(self._services[name].ready) is None

    @property
    def names(self) -> list[str]:
        """The services, in the order in which the daemon got them."""
        return list(self._services)

    def pid(self, name: str) -> int:
        """The process id of a service; 0 when it does not run."""
        return int(self._call("getProcessInfo", name)["pid"])

    def shutdown(self) -> None:
        """Stop all services, those of the highest priority first, and end supervisord.

        Another command may do the same: a Ctrl-C in one terminal, `make demo-down` in the next.
        """
        with suppress(Gone):
            for names in self._by_priority():
                for name in names:
                    self._stop(name, wait=False)
                _wait(partial(self._have_ended, names), _LONGEST_STOP)
            self._call("shutdown")
        _wait(lambda: not self.is_running(), _LONGEST_STOP)
        shutil.rmtree(self._runtime, ignore_errors=True)

    def _stop(self, name: str, wait: bool) -> None:
        with suppress(Fault):  # it does not run
            self._call("stopProcess", name, wait)

    def _have_ended(self, names: set[str]) -> bool:
        return all(info["state"] in _ENDED for info in self._call("getAllProcessInfo") if info["name"] in names)

    def _by_priority(self) -> list[set[str]]:
        """The names of the services, by falling priority. Whoever stops them may not be who started them."""
        configuration = RawConfigParser()
        configuration.read(self._configuration_path)
        priorities: dict[int, set[str]] = {}
        for section in configuration.sections():
            if section.startswith(_PROGRAM):
                priority = configuration.getint(section, "priority")
                priorities.setdefault(priority, set()).add(section.removeprefix(_PROGRAM))
        return [priorities[priority] for priority in sorted(priorities, reverse=True)]

    def log_path(self, name: str) -> Path:
        return self.logs / f"{name}.log"

    def _last_words(self, name: str, what: str) -> str:
        lines = self.log_path(name).read_text(errors="replace").splitlines() if self.log_path(name).exists() else []
        shown = "\n".join(f"    {line}" for line in lines[-LINES_SHOWN:]) or "    (it wrote nothing)"
        return f"Service {name} {what}. The end of {self.log_path(name)}:\n{shown}"

    def _call(self, method: str, *arguments: Any) -> Any:
        transport = SupervisorTransport(None, None, f"unix://{self._socket}")  # the URL below is not used
        try:
            with ServerProxy("http://localhost", transport=transport) as server:
                return getattr(server.supervisor, method)(*arguments)
        except (OSError, HTTPException) as error:  # it may go in the middle of an answer
            raise Gone(str(error)) from error
        except Fault as fault:
            if fault.faultCode == Faults.SHUTDOWN_STATE:
                raise Going(fault.faultString) from fault
            raise
        finally:
            transport.close()

    def _configuration(self) -> str:
        return "\n\n".join((self._own_section(), *map(self._program_section, self._services.values()))) + "\n"

    def _own_section(self) -> str:
        return "\n".join(
            (
                "[supervisord]",
                "logfile=logs/supervisord.log",
                "pidfile=supervisord.pid",
                *(["user=root"] if os.getuid() == 0 else []),
                "",
                "[unix_http_server]",
                f"file={_escape(str(self._socket))}",
                "",
                "[rpcinterface:supervisor]",
                "supervisor.rpcinterface_factory = supervisor.rpcinterface:make_main_rpcinterface",
            )
        )

    def _program_section(self, service: Service) -> str:
        if unfit := [name for name, value in service.environment.items() if set(value) & set("\"'\n")]:
            raise ValueError(f"supervisord can't pass on quotes or line ends in {unfit[0]} of {service.name}.")
        environment = ",".join(f'{name}="{_escape(value)}"' for name, value in service.environment.items())
        command = " ".join(_quote(_escape(word)) for word in service.command)
        return "\n".join(
            (
                f"[{_PROGRAM}{service.name}]",
                f"command={command}",
                f"directory={_escape(str(service.directory or self.home))}",
                f"environment={environment}",
                *([f"user={service.user}"] if service.user else []),
                "autostart=false",
                "autorestart=false",
                f"startretries={service.start_retries}",
                f"startsecs={_SECONDS_TO_COME_UP if service.start_retries else 0}",
                f"stopsignal={service.stop_signal}",
                f"stopwaitsecs={service.stop_seconds}",
                f"priority={service.priority}",
                "stopasgroup=" + ("false" if service.stop_signal == "INT" else "true"),
                "killasgroup=true",
                f"stdout_logfile=logs/{service.name}.log",
                "stdout_logfile_maxbytes=0",
                "redirect_stderr=true",
            )
        )


def _why_not(is_ready: Callable[[], bool]) -> str | None:
    """None if a service is ready. Otherwise the error that its check raised, or an empty text if it raised none."""
    try:
        return None if is_ready() else ""
    except Exception as error:  # not up yet: each client library raises its own errors
        return f" ({' '.join(str(error).split()) or type(error).__name__})"


def _wait(condition: Callable[[], bool], seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.1)
    return True


def _escape(text: str) -> str:
    """Double each "%", because supervisord expands %(name)s in its configuration."""
    return text.replace("%", "%%")


def _quote(word: str) -> str:
    return '"' + word.replace("\\", "\\\\").replace('"', '\\"') + '"'
