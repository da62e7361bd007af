"""A web server that answers as a test tells it to."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass
class Web:
    """Answers each request with the next of ``answers`` (status, body), and then always with the last one.

    ``headers`` go with every answer. ``delay`` is how many seconds an answer takes to begin, ``byte_delay`` how many
    pass before each byte of it.
    """

    url: str = ""
    answers: list[tuple[int, bytes]] = field(default_factory=lambda: [(200, b"ok")])
    requests: list[bytes] = field(default_factory=list)
    request_headers: list[dict[str, str]] = field(default_factory=list)
    headers: dict[str, str] = field(default_factory=dict)
    delay: float = 0.0
    byte_delay: float = 0.0


@contextmanager
def web_server() -> Iterator[Web]:
    web = Web()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            web.request_headers.append(dict(self.headers))
            web.requests.append(self.rfile.read(int(self.headers.get("Content-Length", 0))))
            time.sleep(web.delay)
            status, body = web.answers[min(len(web.requests), len(web.answers)) - 1]
            self.send_response(status)
            for name, value in {"Content-Length": str(len(body)), **web.headers}.items():
                self.send_header(name, value)
            self.end_headers()
            with suppress(BrokenPipeError, ConnectionResetError):  # the client may have stopped waiting
                for piece in (bytes([byte]) for byte in body) if web.byte_delay else (body,):
                    time.sleep(web.byte_delay)
                    self.wfile.write(piece)

        do_POST = do_GET

        def log_message(self, *_: object) -> None:
            pass

    with serving(Handler) as web.url:
        yield web


@contextmanager
def serving(handler: type[BaseHTTPRequestHandler]) -> Iterator[str]:
    """A server on a free port of this machine, in a thread of its own; gives its address."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
