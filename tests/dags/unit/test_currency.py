from __future__ import annotations

import json
import logging

import pytest
from urllib3.util import Retry

from bikes_store.currency import fetch, to_frame
from bikes_store.errors import Refused, Unavailable

URL = "http://api.test/currencies"
ONE = {"code": "EUR", "name": "Euro"}
FAST = Retry(total=2, backoff_factor=0, status_forcelist=(429, 500, 502, 503, 504), raise_on_status=False)


def frame(*records):
    return to_frame(json.dumps(records).encode(), URL)


def test_array_of_objects_becomes_staging_columns():
    assert frame(ONE, {"code": "USD", "name": "US Dollar"}).to_dict("list") == {
        "currencycode": ["EUR", "USD"],
        "name": ["Euro", "US Dollar"],
    }


def test_column_names_of_staging_are_accepted_too():
    made = frame({"currencycode": "EUR", "name": "", "modifieddate": "2008-04-30T00:00:00"})
    assert made.to_dict("records")[0]["name"] == ""
    assert str(made["modifieddate"][0]).startswith("2008-04-30")


def test_codes_that_look_like_something_else_stay_text():
    assert list(frame({"code": "001", "name": "NA"}, {"code": "NaN", "name": "null"})["currencycode"]) == ["001", "NaN"]


def test_unknown_fields_are_left_out_and_reported(caplog):
    with caplog.at_level(logging.WARNING):
        made = frame({**ONE, "country": "DE", "symbol": "€"})
    assert list(made.columns) == ["currencycode", "name"]
    assert "['country', 'symbol']" in caplog.text


def test_long_answer_is_cut_in_the_message():
    with pytest.raises(Refused) as refusal:
        to_frame(b"x" * 100_000, URL)
    assert len(str(refusal.value)) < 300


def test_passing_fault_is_tried_again(web):
    web.answers = [(503, b"busy"), (429, b"slow down"), (200, b"[]")]
    assert fetch(web.url, (1, 1), FAST) == b"[]"
    assert len(web.requests) == 3


def test_lasting_fault_is_unavailable_with_the_status(web):
    web.answers = [(503, b"down for maintenance")]
    with pytest.raises(Unavailable, match="answered HTTP 503 Service Unavailable: “down for maintenance”"):
        fetch(web.url, (1, 1), FAST)
    assert len(web.requests) == 3


def test_client_error_is_refused_at_once(web):
    web.answers = [(404, b"nothing here")]
    with pytest.raises(Refused, match="answered HTTP 404 Not Found: “nothing here”"):
        fetch(web.url, (1, 1), FAST)
    assert len(web.requests) == 1


def test_silence_is_unavailable(web):
    web.delay = 0.6
    with pytest.raises(Unavailable, match=r"did not answer within 0.2 seconds"):
        fetch(web.url, (0.2, 0.2), Retry(total=0))


def test_closed_port_is_unavailable():
    with pytest.raises(Unavailable, match="can't be reached"):
        fetch("http://127.0.0.1:9/x", (1, 1), Retry(total=0))
