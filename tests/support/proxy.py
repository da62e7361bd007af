"""A TCP proxy in front of a service. It cuts, holds, slows down or refuses connections when a test says so."""

from __future__ import annotations

import select
import socket
import struct
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Literal

import pytest

Direction = Literal["server", "client"]
_CHUNK = 16 * 1024
_POLL_SECONDS = 0.02


@dataclass
class Point:
    """A place in what flows towards the server or the client: after some bytes, or just before a text.

    ``times`` is how many connections reach it before nothing happens any more; 0 is all of them. ``orderly``: a cut is
    an end of the stream, as a server sends it that was told to stop, and not a reset.
    """

    towards: Direction
    after_bytes: int = 0
    before: bytes = b""
    times: int = 1
    orderly: bool = False


#: How a connection ends, as values of ``orderly``. A client may take an orderly end for the end of what it reads.
ENDS = (pytest.param(False, id="reset"), pytest.param(True, id="orderly"))


@dataclass
class _Fault:
    point: Point
    hold: bool
    reached: threading.Event = field(default_factory=threading.Event)
    count: int = 0


class Proxy:
    """Passes connections on to a service of this machine. Use it in a ``with`` block of :func:`proxy`."""

    def __init__(self, target_port: int) -> None:
        self.target_port = target_port
        self._listener = _listen(0)
        self.port: int = self._listener.getsockname()[1]
        self.connections = 0
        self._fault: _Fault | None = None
        self._piece, self._pause = _CHUNK, 0.0
        self._pairs: set[tuple[socket.socket, socket.socket]] = set()
        self._lock = threading.Lock()
        self._open = True
        threading.Thread(target=self._accept, daemon=True).start()

    def cut_at(self, point: Point) -> threading.Event:
        """End connections when they reach a point; the event is set from then on."""
        return self._set(point, hold=False)

    def hold_at(self, point: Point) -> threading.Event:
        """Pass nothing on from a point on, until :meth:`heal` or the end of either side; the event is set then."""
        return self._set(point, hold=True)

    def slow(self, piece: int, pause: float) -> None:
        """Pass on ``piece`` bytes at a time, with a pause of ``pause`` seconds after each."""
        self._piece, self._pause = piece, pause

    def refuse(self) -> None:
        """Reset what is open, and refuse new connections until :meth:`heal`."""
        self._open = False
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self.cut()

    def cut(self) -> None:
        """Reset all connections that are open."""
        with self._lock:
            pairs = list(self._pairs)
        for pair in pairs:
            _reset(*pair)

    def heal(self) -> None:
        """Be a good connection again."""
        self._fault, self._piece, self._pause = None, _CHUNK, 0.0
        if not self._open:
            self._listener, self._open = _listen(self.port), True
            threading.Thread(target=self._accept, daemon=True).start()

    def _set(self, point: Point, hold: bool) -> threading.Event:
        self._fault = _Fault(point, hold)
        return self._fault.reached

    def _accept(self) -> None:
        listener = self._listener
        while True:
            try:
                client, _ = listener.accept()
            except OSError:
                return
            self.connections += 1
            try:
                server = socket.create_connection(("127.0.0.1", self.target_port), timeout=10)
            except OSError:
                _reset(client)
                continue
            server.settimeout(None)
            pair = (client, server)
            with self._lock:
                self._pairs.add(pair)
            for source, goal, towards in ((client, server, "server"), (server, client, "client")):
                threading.Thread(target=self._pump, args=(source, goal, towards, pair), daemon=True).start()

    def _pump(
        self, source: socket.socket, goal: socket.socket, towards: Direction, pair: tuple[socket.socket, socket.socket]
    ) -> None:
        passed = 0
        try:
            while data := source.recv(self._piece):
                fault = self._fault
                if fault is not None and self._is_reached(fault, towards, passed, data):
                    if not fault.hold:
                        (_end if fault.point.orderly else _reset)(*pair)
                        return
                    held = self._hold(fault, source)
                    if held is None:
                        return
                    data += held
                goal.sendall(data)
                passed += len(data)
                if self._pause:
                    time.sleep(self._pause)
        except (OSError, ValueError):  # the other direction closed both ends
            pass
        finally:
            with self._lock:
                self._pairs.discard(pair)
            _end(*pair)

    def _hold(self, fault: _Fault, source: socket.socket) -> bytes | None:
        """Keep what still comes until the proxy is healed; None when the sender ends before."""
        held = b""
        while self._fault is fault:
            readable, _, _ = select.select([source], [], [], _POLL_SECONDS)
            if readable:
                data = source.recv(_CHUNK)
                if not data:
                    return None
                held += data
        return held

    def _is_reached(self, fault: _Fault, towards: Direction, passed: int, data: bytes) -> bool:
        point = fault.point
        if point.towards != towards or (point.times and fault.count >= point.times):
            return False
        if passed + len(data) <= point.after_bytes or point.before not in data:
            return False
        fault.count += 1
        fault.reached.set()
        return True


@contextmanager
def proxy(target_port: int) -> Iterator[Proxy]:
    """A proxy in front of a port of this machine. At the end its connections are reset."""
    made = Proxy(target_port)
    try:
        yield made
    finally:
        made.heal()
        made.refuse()


def _listen(port: int) -> socket.socket:
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(("127.0.0.1", port))
    listener.listen(64)
    return listener


def _end(*ends: socket.socket) -> None:
    """Close sockets as a program does that stops."""
    for end in ends:
        with suppress(OSError):
            end.shutdown(socket.SHUT_RDWR)
        end.close()


def _reset(*ends: socket.socket) -> None:
    """Close sockets as a broken network does: by a reset, not by an orderly end."""
    for end in ends:  # first of all: the thread that reads from one of them wakes up and ends both
        with suppress(OSError):
            end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    for end in ends:
        with suppress(OSError):
            # A thread in recv() keeps the socket open, so close() alone would send nothing yet.
            end.shutdown(socket.SHUT_RD)
        with suppress(OSError):
            end.close()
