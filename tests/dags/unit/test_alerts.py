from __future__ import annotations

import json
import logging
import os
import re
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from bikes_store import alerts
from bikes_store.alerts import message, messages, send, send_unsent
from bikes_store.outbox import TOO_OLD, Alert, Outbox

FAILURE = Alert(
    "bikes_store_staging",
    "load.db.store",
    "scheduled__2024-09-01T00:00:00+00:00",
    2,
    "duplicate key <1> & more",
    "http://airflow/log?x=1",
)


@pytest.fixture
def outbox(tmp_path):
    return Outbox(tmp_path / "unsent")


def told(web):
    """The texts that Slack got."""
    return [json.loads(request)["text"] for request in web.requests]


def test_message_names_dag_task_run_try_error_and_log():
    text = message(FAILURE)
    for part in ("bikes_store_staging", "load.db.store", "scheduled__2024-09-01T00:00:00+00:00", "try 2"):
        assert part in text
    assert "duplicate key &lt;1&gt; &amp; more" in text
    assert "<http://airflow/log?x=1|Log>" in text


def test_a_warning_and_a_failure_read_differently():
    failed, warned = message(FAILURE).splitlines()[0], message(replace(FAILURE, warning=True)).splitlines()[0]
    assert failed == ":red_circle: *bikes_store_staging*: task *load.db.store* failed"
    assert warned == ":warning: *bikes_store_staging*: task *load.db.store* succeeded, but"


@pytest.mark.parametrize("error", ["x" * 100_000, "&" * 20_000, "`" * 9_000, "a<b>" * 5_000])
def test_message_fits_slack(error):
    text = message(replace(FAILURE, error=error))
    assert len(text) < 3000
    assert text.count("```") == 2  # the block begins and ends
    assert not re.search(r"&(?!(amp|lt|gt);)", text)  # no piece of an escape is left


def test_a_block_of_code_in_the_error_does_not_end_ours():
    text = message(replace(FAILURE, error="before ```in the middle``` after", run_id="a `run`"))
    assert text.splitlines()[1:3] == ["run `a ˋrunˋ`, try 2", "```before ˋˋˋin the middleˋˋˋ after```"]


def test_an_error_without_words_is_named():
    assert "no error was given" in message(replace(FAILURE, error=" "))


def test_several_alerts_are_a_line_each():
    text, count = messages([FAILURE, replace(FAILURE, task_id="load.db.x", error="first line\nsecond"), FAILURE])
    assert count == len(text.splitlines()) == 3
    assert text.splitlines()[1] == (
        ":red_circle: *bikes_store_staging*: task *load.db.x* failed: first line"
        " (run `scheduled__2024-09-01T00:00:00+00:00`, try 2, <http://airflow/log?x=1|Log>)"
    )
    text, count = messages([replace(FAILURE, error="&" * 9_000)] * 300)
    assert 18 < count < 300 and len(text) < 20_000


def test_message_goes_to_the_webhook(web, outbox):
    assert send(FAILURE, web.url, outbox)
    assert told(web) == [message(FAILURE)]
    assert outbox.waiting() == {}


def test_without_webhook_the_log_has_it(outbox, caplog):
    with caplog.at_level(logging.WARNING):
        assert not send(FAILURE, None, outbox)
    assert "No Slack webhook is set" in caplog.text
    assert "load.db.store" in caplog.text
    assert not outbox.folder.exists()


def errors(caplog):
    return [record.getMessage() for record in caplog.records if record.levelno >= logging.ERROR]


def test_a_message_that_slack_puts_off_is_sent_when_slack_says(web, outbox):
    web.answers, web.headers = [(429, b"rate_limited"), (200, b"ok")], {"Retry-After": "1"}
    began = time.monotonic()
    assert send(FAILURE, web.url, outbox)
    assert told(web) == [message(FAILURE)] * 2
    assert 1 < time.monotonic() - began < 3


@pytest.mark.parametrize("after", ["3600", "soon"])
def test_a_message_that_slack_puts_off_for_long_waits_for_the_next_one(web, outbox, caplog, after):
    web.answers, web.headers = [(429, b"rate_limited"), (200, b"ok")], {"Retry-After": after}
    assert not send(FAILURE, web.url, outbox)
    (error,) = errors(caplog)
    assert f"Slack could not be told (HTTP 429; it waits in {outbox.folder}): {message(FAILURE)}" == error
    other = replace(FAILURE, task_id="load.db.next")
    assert send(other, web.url, outbox)
    assert told(web)[1] == messages([FAILURE, other])[0]
    assert outbox.waiting() == {}


def test_a_task_that_succeeds_sends_what_waits(web, outbox, monkeypatch):
    assert not send(FAILURE, "http://127.0.0.1:9/", outbox)
    send_unsent(web.url, outbox)
    assert told(web) == []  # not a moment after Slack was out of reach
    monkeypatch.setattr(alerts, "PAUSE", 0)
    send_unsent(web.url, outbox)
    send_unsent(web.url, outbox)
    assert told(web) == [message(FAILURE)]


def test_a_burst_of_failures_is_a_few_messages_that_tell_all(web, outbox):
    """Slack takes a message a second. The first failure goes alone, and the others together while it is on its way."""
    web.delay = 0.3
    failures = [replace(FAILURE, task_id=f"extract.db.t{number}") for number in range(18)]
    with ThreadPoolExecutor(18) as pool:
        assert all(pool.map(lambda failure: send(failure, web.url, Outbox(outbox.folder)), failures))
    text = "\n".join(told(web))
    assert [text.count(f"*{failure.task_id}*") for failure in failures] == [1] * 18
    assert len(web.requests) <= 3


def test_a_refusal_is_an_error_in_the_log_and_not_raised(web, outbox, caplog):
    web.answers = [(404, b"no_service")]
    assert not send(FAILURE, web.url, outbox)
    assert "HTTP 404" in errors(caplog)[0]
    assert list(outbox.waiting().values()) == [FAILURE]


def test_a_text_that_slack_does_not_understand_does_not_hold_up_the_others(web, outbox, caplog):
    web.answers = [(400, b"invalid_payload"), (200, b"ok")]
    send(FAILURE, web.url, outbox)
    assert "does not understand" in errors(caplog)[0] and FAILURE.run_id in errors(caplog)[0]
    assert outbox.waiting() == {}


def test_slack_down_is_an_error_in_the_log_and_not_raised(outbox, caplog):
    assert not send(FAILURE, "http://127.0.0.1:9/services/T/B/secret", outbox)
    assert "could not be told (URLError" in errors(caplog)[0]
    assert "secret" not in caplog.text


def test_a_full_disk_does_not_keep_an_alert_back(web, tmp_path, caplog):
    (tmp_path / "file").touch()
    outbox = Outbox(tmp_path / "file" / "unsent")  # nothing can be written there
    assert send(FAILURE, web.url, outbox)
    assert not send(FAILURE, "http://127.0.0.1:9/", outbox)
    assert "it can't be kept: " in errors(caplog)[0]
    send_unsent(web.url, outbox)
    assert told(web) == [message(FAILURE)]


def test_slow_slack_does_not_delay_the_task(web, outbox, monkeypatch):
    monkeypatch.setattr(alerts, "TIMEOUT", 1)
    web.delay = 1.5
    began = time.monotonic()
    assert not send(FAILURE, web.url, outbox)
    assert time.monotonic() - began < 1.4


def test_slack_that_sends_a_byte_now_and_then_does_not_delay_the_task(web, outbox, monkeypatch, caplog):
    monkeypatch.setattr(alerts, "DEADLINE", 1)
    web.byte_delay, web.answers = 0.3, [(200, b"ok" * 5)]
    began = time.monotonic()
    assert not send(FAILURE, web.url, outbox)
    assert time.monotonic() - began < 1.4
    assert "no answer within 1 seconds" in errors(caplog)[0]


def test_an_alert_that_is_no_use_any_more_is_dropped_with_a_word(web, outbox, caplog):
    old = outbox.put(FAILURE)
    os.utime(old, (time.time() - TOO_OLD - 9,) * 2)
    (outbox.folder / "1.json").write_text("{}")
    assert outbox.waiting() == {}
    assert [path.name for path in outbox.folder.iterdir()] == []
    assert any("load.db.store" in error for error in errors(caplog))
    assert any("is not an alert" in error for error in errors(caplog))
