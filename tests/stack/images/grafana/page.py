"""Answers Grafana's health path, and nothing else."""

import json
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Page(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        body = json.dumps({"database": "ok", "version": "a stand-in"}).encode()
        self.send_response(200 if self.path == "/api/health" else 404)
        self.end_headers()
        self.wfile.write(body)


ThreadingHTTPServer(("0.0.0.0", 3000), Page).serve_forever()  # noqa: S104 - inside a container
