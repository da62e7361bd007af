"""The currency service, through Flask's test client."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from datetime import datetime
from typing import Any

import pytest

from source.currency_api.app import app
from tests.source.generator import CURRENCIES, REPOSITORY, rows

LISTED: list[dict[str, str]] = json.loads(CURRENCIES)


@pytest.fixture
def client() -> Any:
    return app.test_client()


def test_the_currencies_are_an_array_of_flat_objects(client: Any) -> None:
    answer = client.get("/api/currencydata")
    assert answer.status_code == 200
    assert answer.mimetype == "application/json"
    assert answer.json == LISTED
    assert [list(row) for row in answer.json] == [["currencycode", "name", "modifieddate"]] * 105


def test_each_currency_is_listed_once_and_fits_the_table() -> None:
    codes = Counter(row["currencycode"] for row in LISTED)
    assert set(codes.values()) == {1}
    assert {len(code) for code in codes} == {3}
    assert list(codes) == sorted(codes)
    assert all(0 < len(row["name"]) <= 50 for row in LISTED)
    assert {datetime.fromisoformat(row["modifieddate"]) for row in LISTED} == {datetime(2008, 4, 30)}


def test_every_rate_has_its_currency(source: str) -> None:
    codes = {code for (code,) in rows(source, "SELECT DISTINCT tocurrencycode FROM sales.currencyrate")}
    assert len(codes) == 14
    assert codes <= {row["currencycode"] for row in LISTED}
    assert rows(source, "SELECT DISTINCT fromcurrencycode FROM sales.currencyrate") == [("USD",)]


def test_health(client: Any) -> None:
    answer = client.get("/api/health")
    assert (answer.status_code, answer.json) == (200, {"status": "ok"})


def test_an_unknown_path(client: Any) -> None:
    answer = client.get("/currencydata")
    assert (answer.status_code, answer.json) == (404, {"error": "Not Found"})


def test_a_wrong_method(client: Any) -> None:
    answer = client.post("/api/currencydata", json={})
    assert (answer.status_code, answer.json) == (405, {"error": "Method Not Allowed"})
    assert "GET" in answer.headers["Allow"]


def test_the_service_needs_flask_alone() -> None:
    code = "import app, sys; sys.exit(any(name.split('.')[0] in ('airflow', 'pandas') for name in sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], cwd=REPOSITORY / "source" / "currency_api")
    assert done.returncode == 0
