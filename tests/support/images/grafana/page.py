"""A stand-in for Grafana. It answers the health path, and keeps what it gets under /kept/KIND/NAME in its volume."""

import json
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import quote

KEPT = Path("/var/lib/grafana/kept")


class Page(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        if self.path == "/api/health":
            self.answer(200, json.dumps({"database": "ok", "version": "a stand-in"}).encode())
        elif self.file.is_file():
            self.answer(200, self.file.read_bytes())
        else:
            self.answer(404)

    def do_PUT(self) -> None:
        self.file.parent.mkdir(parents=True, exist_ok=True)
        self.file.write_bytes(self.rfile.read(int(self.headers["Content-Length"])))
        self.answer(200)

    def do_DELETE(self) -> None:
        self.file.unlink(missing_ok=True)
        self.answer(200)

    @property
    def file(self) -> Path:
        return KEPT / quote(self.path.removeprefix("/kept/"), safe="")

    def answer(self, status: int, body: bytes = b"") -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


if __name__ == "__main__":
    ThreadingHTTPServer(("0.0.0.0", 3000), Page).serve_forever()  # noqa: S104 - inside a container
