"""The currency service: the codes and names of currencies, as JSON.

Run from this folder: gunicorn app:app
"""

from __future__ import annotations

import json
from pathlib import Path

from flask import Flask, Response, jsonify
from werkzeug.exceptions import HTTPException

#: Read once, when the service starts, so that a broken file stops the service then and not at the first request.
CURRENCIES: list[dict[str, str]] = json.loads(Path(__file__).with_name("currencies.json").read_text("utf-8"))

app = Flask(__name__)
app.json.sort_keys = False  # as in the file


@app.get("/api/currencydata")
def currencies() -> Response:
    """All currencies, as an array of flat objects."""
    return jsonify(CURRENCIES)


@app.get("/api/health")
def health() -> Response:
    """Say that the service runs."""
    return jsonify(status="ok")


@app.errorhandler(HTTPException)
def refuse(error: HTTPException) -> tuple[Response, int, list[tuple[str, str]]]:
    """Answer with the error as JSON, like all other answers. Its headers (such as the allowed methods) stay."""
    headers = [(name, value) for name, value in error.get_headers() if name.lower() != "content-type"]
    return jsonify(error=error.name), error.code or 500, headers
