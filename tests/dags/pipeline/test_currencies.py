"""The currencies of the API go through the lake to staging."""

from __future__ import annotations

import json
from contextlib import closing

import psycopg2

from bikes_store.currency import extract_currencies
from bikes_store.load import Loaded, load_table
from bikes_store.tables import CURRENCY
from cli.database import query
from cli.processes.currency_api import CURRENCIES
from tests.support.pipeline import DAY
from tests.support.web import web_server


def load(pipeline, run_id):
    with closing(psycopg2.connect(pipeline.warehouse_dsn)) as staging:
        return load_table(staging, pipeline.s3, CURRENCY, run_id, DAY)


def held(pipeline):
    return dict(query(pipeline.warehouse_dsn, "SELECT currencycode, name FROM bikes_store_staging.currency"))


def test_bundled_service_gives_all_currencies(pipeline, currency_url):
    manifest = extract_currencies(currency_url, pipeline.s3, "r")
    assert (manifest.rows, manifest.window) == (105, "full")
    assert load(pipeline, "r") == Loaded(rows=105, written=105, deleted=0)
    assert load(pipeline, "r").written == 0
    text = "SELECT table_name, window_start, extracted_at FROM bikes_store_staging.load_log"
    assert query(pipeline.warehouse_dsn, text) == 2 * [("currency", None, manifest.extracted_at)]
    expected = json.loads(CURRENCIES.read_text())
    assert held(pipeline) == {record["currencycode"]: record["name"] for record in expected}


def test_missing_dates_empty_names_and_removed_currencies(pipeline):
    with web_server() as web:
        for number, records in enumerate(
            (
                [{"code": "AAA", "name": "", "country": "A"}, {"code": "BBB", "name": 'B, "b"\n\\N'}],
                [{"code": "BBB", "name": "NA"}],
            )
        ):
            web.answers = [(200, json.dumps(records).encode())]
            extract_currencies(web.url, pipeline.s3, f"r{number}")
            loaded = load(pipeline, f"r{number}")
            assert held(pipeline) == {record["code"]: record["name"] for record in records}
    assert loaded == Loaded(rows=1, written=1, deleted=1, updated=1)
    assert query(
        pipeline.warehouse_dsn, "SELECT count(*) FROM bikes_store_staging.currency WHERE modifieddate IS NULL"
    ) == [(0,)]
