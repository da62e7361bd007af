"""This machine, as the checks see it. Each look ends within seconds, whatever it meets."""

from __future__ import annotations

import json
import os
import platform
import re
import shutil
import ssl
import subprocess
import sys
import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cli import ports
from cli.doctor import network
from cli.doctor.facts import Facts
from cli.paths import REPOSITORY

#: Seconds that a program may take to answer.
SECONDS = 5


@dataclass(frozen=True)
class Said:
    """What a program answered. ``code`` is None when it is not there, or did not end in time."""

    code: int | None
    output: str = ""
    errors: str = ""


@dataclass
class Machine:
    """What the checks ask. A test puts its own answers in place of these."""

    environment: Mapping[str, str] = field(default_factory=lambda: os.environ)
    system: str = field(default_factory=platform.system)
    repository: Path = REPOSITORY
    proc: Path = Path("/proc")
    root: Path = Path("/")

    def __post_init__(self) -> None:
        self.facts = Facts(self.repository)
        self._lock = threading.Lock()
        self._said: dict[tuple[str, ...], _Once] = {}
        self._answers: dict[str, _Once] = {}

    @property
    def name(self) -> str:
        """The system and its processor, for a person."""
        return f"{self.distribution()}, {platform.machine()}, {os.cpu_count()} cores"

    @property
    def is_root(self) -> bool:
        return os.getuid() == 0

    def distribution(self) -> str:
        """The name of this Linux, or of this macOS."""
        if self.system == "Darwin":
            return f"macOS {platform.mac_ver()[0]}"
        text = _read(self.root / "etc" / "os-release")
        found = re.search(r'^PRETTY_NAME="?([^"\n]+)', text, re.M)
        return found.group(1) if found else self.system

    def is_debian(self) -> bool:
        return bool(self.which("apt-get"))

    def python(self) -> str:
        """The release of the Python that runs this."""
        return "%d.%d.%d" % sys.version_info[:3]  # noqa: UP031 - a tuple of three

    def which(self, program: str) -> str | None:
        """Where a program is on the PATH."""
        return shutil.which(program, path=self.environment.get("PATH", os.defpath))

    def has_program(self, name: str) -> bool:
        """Whether a program is on the PATH, or where Go puts what it installs."""
        return bool(self.which(name)) or (Path(self.environment.get("HOME", "/")) / "go" / "bin" / name).exists()

    def has_certificates(self) -> bool:
        """Whether this Python has certificates of authorities to trust."""
        paths = ssl.get_default_verify_paths()
        folder = Path(paths.capath or os.devnull)
        return bool(paths.cafile) or (folder.is_dir() and any(folder.iterdir()))

    def run(self, *command: str) -> Said:
        """Run a program and hear what it says; the same command runs once."""
        return self._once(self._said, command, lambda: self._run(command))

    def _run(self, command: tuple[str, ...]) -> Said:
        program = self.which(command[0])
        if program is None:
            return Said(None)
        environment = {**self.environment, "LC_ALL": "C", "CHECKPOINT_DISABLE": "1"}
        host = self.variable("docker_host")
        if host:
            environment["DOCKER_HOST"] = host
        try:
            done = subprocess.run(
                [program, *command[1:]],
                env=environment,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=SECONDS,
            )
        except subprocess.TimeoutExpired:
            return Said(None, errors=f"no answer within {SECONDS} seconds")
        except OSError as error:
            return Said(None, errors=str(error))
        return Said(done.returncode, *(text.decode(errors="replace").strip() for text in (done.stdout, done.stderr)))

    def ask(self, url: str) -> network.Answer:
        """Ask a server on the network; the same server is asked once."""
        return self._once(self._answers, url, lambda: network.ask(url))

    def ask_all(self, urls: Iterable[str]) -> list[network.Answer]:
        """Ask servers side by side."""
        asked = list(urls)
        threads = [threading.Thread(target=self.ask, args=(url,), daemon=True) for url in asked]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return [self.ask(url) for url in asked]

    def free_bytes(self, path: Path) -> int:
        """What is free on the disk of a folder, or of the first folder above it that is there."""
        while not path.exists() and path != path.parent:
            path = path.parent
        return shutil.disk_usage(str(path)).free

    def memory_bytes(self) -> int:
        """The memory that programs can still get; 0 when this machine does not say.

        On Linux the least of what the kernel and the control group leave. On macOS all of it: the system gives what its
        caches hold.
        """
        if self.system == "Darwin":
            said = self.run("sysctl", "-n", "hw.memsize")
            return int(said.output) if said.output.isdigit() else 0
        found = re.search(r"^MemAvailable: +(\d+) kB", _read(self.proc / "meminfo"), re.M)
        free = [int(found.group(1)) * 1024] if found else []
        group = self.root / "sys" / "fs" / "cgroup"
        most, used = (_read(group / name).strip() for name in ("memory.max", "memory.current"))
        if most.isdigit() and used.isdigit():
            free.append(int(most) - int(used))
        return min(free) if free else 0

    def holder(self, port: int, udp: bool = False) -> ports.Holder | None:
        """Who holds a port; None when it is free."""
        if not ports.is_taken(port, udp=udp):
            return None
        return ports.find_holder(port, udp) or ports.Holder()

    def variable(self, name: str) -> str:
        """A variable of Terraform's root module as `make up` would see it; empty when it is given nowhere."""
        given = self.facts.given()
        name = f"TF_VAR_{name}"
        return self.environment[name] if name in self.environment else given.get(name, "")

    def variables(self, name: str) -> dict[str, Any]:
        """A variable of the root module that is an object."""
        try:
            value = json.loads(self.variable(name) or "{}")
        except ValueError:
            return {}
        return value if isinstance(value, dict) else {}

    def _once(self, kept: dict[Any, _Once], key: Any, look: Any) -> Any:
        with self._lock:
            once = kept.setdefault(key, _Once())
        with once.lock:
            if not once.done:
                once.value, once.done = look(), True
        return once.value


class _Once:
    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.done = False
        self.value: Any = None


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
