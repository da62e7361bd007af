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


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (b"<html>busy</html>", "not JSON: “<html>busy</html>”"),
        (b"", "not JSON"),
        (b'{"data": []}', "an object where an array is expected"),
        (b"42", "a single value where an array is expected"),
        (b"[]", "an empty array"),
        (b'["EUR"]', "at position 0, where an object is expected"),
        (b'[{"code": "EUR", "name": "Euro"}, null]', "“null” at position 1"),
        (b'[{"name": "Euro"}]', "gives no currencycode in any of its 1 objects"),
        (b'[{"code": "EUR"}]', "gives no name in any"),
        (b'[{"code": "EUR", "name": "Euro"}, {"name": "Dollar"}]', "no currencycode that is text at position 1"),
        (b'[{"code": null, "name": "Euro"}]', "no currencycode that is text at position 0"),
        (b'[{"code": 978, "name": "Euro"}]', "no currencycode that is text at position 0"),
        (b'[{"code": "EURO", "name": "Euro"}]', "the code 'EURO'; a code has three characters"),
        (b'[{"code": "E R", "name": "Euro"}]', "the code 'E R'"),
        (b'[{"code": "EUR", "name": "A"}, {"code": "EUR", "name": "B"}]', "the code EUR more than once"),
        (b'[{"code": "EUR", "currencycode": "USD", "name": "A"}]', "both code and currencycode at position 0"),
        (b'[{"code": "EUR", "name": "A", "modifieddate": "soon"}]', "the modifieddate 'soon' at position 0"),
        (b'[{"code": "EUR", "name": {"en": "Euro"}}]', "no name that is text at position 0"),
    ],
)
def test_anything_else_is_refused_with_what_came(body, says):
    with pytest.raises(Refused) as refusal:
        to_frame(body, URL)
    assert says in str(refusal.value)
    assert URL in str(refusal.value)
    assert "\n" not in str(refusal.value)


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


@pytest.mark.parametrize("url", ["", "api/currencies", "ftp://host/x", "http://"])
def test_text_that_is_not_a_url_is_refused(url):
    with pytest.raises(Refused, match=r"BIKES_STORE_API_URL is .* which is not an http or https URL"):
        fetch(url, (1, 1), Retry(total=0))
