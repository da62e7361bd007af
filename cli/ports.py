"""Ports of this machine: which are free, which a demo that starts has claimed, and who holds one.

Nothing but Python's own library, from 3.8 on: `make doctor` runs before anything is installed.
"""

from __future__ import annotations

import errno
import os
import re
import socket
import subprocess
import sys
from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path

LOOPBACK = "127.0.0.1"
_LAST = 65535
_LISTENS = "0A"  # the state of a TCP socket, in Linux's tables
_UNCONNECTED = "07"  # that of a UDP socket which waits for packets
_LSOF_SECONDS = 5


@dataclass(frozen=True)
class Holder:
    """Who holds a port.

    Each part is empty, or 0, where this user may not see it. ``directory`` is where the process works.
    """

    program: str = ""
    pid: int = 0
    directory: str = ""
    user: str = ""

    def __str__(self) -> str:
        if self.pid:
            return f"{self.program or 'a program'} (process {self.pid})"
        return f"a program of the user {self.user}" if self.user else "another program"


def is_taken(port: int, address: str = LOOPBACK, udp: bool = False) -> bool:
    """Whether something holds a port of this machine."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM if udp else socket.SOCK_STREAM) as probe:
        if not udp:
            # Servers set this option too: a port that was closed a moment ago counts as free.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((address, port))
        except OSError as error:
            return error.errno != errno.EADDRNOTAVAIL  # an address that this machine does not have
    # macOS lets one address of a port be bound beside a server that has all of them.
    return sys.platform == "darwin" and not udp and _answers(address, port)


def _answers(address: str, port: int) -> bool:
    with socket.socket() as client:
        client.settimeout(1)
        return client.connect_ex((address, port)) == 0


def next_free(port: int, used: Collection[int], is_free: Callable[[int], bool]) -> int:
    """The first port above one that is free and not among those that are used; the port itself when there is none."""
    return next((each for each in range(port + 1, _LAST + 1) if each not in used and is_free(each)), port)


class Claims:
    """The ports that a command is about to use, so that another clone's command chooses others.

    A service binds its port seconds after it was chosen. Until then a name says so, which Linux drops when the process
    ends, however it ends (an abstract socket: https://man7.org/linux/man-pages/man7/unix.7.html). Elsewhere nothing is
    claimed.
    """

    def __init__(self, kind: str = "port") -> None:
        """
        :param kind: only commands with claims of the same kind leave each other's ports alone.
        """
        self._kind = kind
        self._held: dict[int, socket.socket] = {}

    def __enter__(self) -> Claims:
        return self

    def __exit__(self, *_: object) -> None:
        for claim in self._held.values():
            claim.close()
        self._held.clear()

    def claim(self, port: int) -> bool:
        """Claim a port; returns whether it is this command's now."""
        if port in self._held or not Path("/proc/net/unix").exists():
            return True
        claim = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        try:
            claim.bind(f"\0bikes-store-{self._kind}-{port}")
        except OSError:
            claim.close()
            return False
        self._held[port] = claim
        return True


def find_holder(port: int, udp: bool = False, proc: Path = Path("/proc")) -> Holder | None:
    """Who holds a port; None when nobody does, or this machine can't tell.

    :param proc: where Linux shows its processes: https://man7.org/linux/man-pages/man5/proc_net.5.html
    """
    if (proc / "net").is_dir():
        return _of_proc(port, udp, proc)
    return _of_lsof(port, udp)


def _of_proc(port: int, udp: bool, proc: Path) -> Holder | None:
    sockets: set[str] = set()
    user = ""
    for table in ("udp", "udp6") if udp else ("tcp", "tcp6"):
        for line in _lines(proc / "net" / table)[1:]:
            words = line.split()
            holds = words[3] == (_UNCONNECTED if udp else _LISTENS) and int(words[1].rpartition(":")[2], 16) == port
            if holds:
                sockets.add(f"socket:[{words[9]}]")
                user = _user_name(int(words[7]))
    if not sockets:
        return None
    # Of those that share it, the first: a server rather than what it started.
    for process in sorted(proc.glob("[0-9]*"), key=lambda path: int(path.name)):
        try:
            if not any(_target(file) in sockets for file in (process / "fd").iterdir()):
                continue
        except OSError:  # it has ended, or is somebody else's
            continue
        try:
            directory = _target(process / "cwd")
        except OSError:
            directory = ""
        program = "".join(_lines(process / "comm")[:1])
        return Holder(program, int(process.name), directory, user)
    return Holder(user=user)


def _of_lsof(port: int, udp: bool) -> Holder | None:
    """What lsof says: https://lsof.readthedocs.io/en/latest/manpage/#output-for-other-programs"""
    which = [f"-iUDP:{port}"] if udp else [f"-iTCP:{port}", "-sTCP:LISTEN"]
    try:
        found = _ask_lsof("-nP", *which, "-FpcL")
        if not found.get("p"):
            return None
        where = _ask_lsof("-a", "-d", "cwd", "-p", found["p"], "-Fn")
    except (OSError, subprocess.SubprocessError):
        return None
    return Holder(found.get("c", ""), int(found["p"]), where.get("n", ""), found.get("L", ""))


def _ask_lsof(*options: str) -> dict[str, str]:
    done = subprocess.run(["lsof", *options], capture_output=True, text=True, timeout=_LSOF_SECONDS)
    fields: dict[str, str] = {}
    for line in done.stdout.splitlines():
        fields.setdefault(line[:1], line[1:])
    return fields


def _target(link: Path) -> str:
    return os.readlink(link)  # noqa: PTH115 - Path has it from Python 3.9 on


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text(errors="replace").splitlines()
    except OSError:
        return []


def _user_name(number: int) -> str:
    for line in _lines(Path("/etc/passwd")):
        if re.match(rf"[^:]*:[^:]*:{number}:", line):
            return line.partition(":")[0]
    return str(number)
