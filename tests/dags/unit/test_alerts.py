from __future__ import annotations

import json
import logging
import time
from dataclasses import replace

from bikes_store import alerts
from bikes_store.alerts import Alert, message, send

FAILURE = Alert(
    "bikes_store_staging",
    "load.db.store",
    "scheduled__2024-09-01T00:00:00+00:00",
    2,
    "duplicate key <1> & more",
    "http://airflow/log?x=1",
)


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


def test_message_fits_slack():
    assert len(message(replace(FAILURE, error="x" * 100_000))) < 3000
    assert "no error was given" in message(replace(FAILURE, error=""))


def test_message_goes_to_the_webhook(web):
    assert send(FAILURE, web.url)
    assert json.loads(web.requests[0])["text"] == message(FAILURE)


def test_without_webhook_the_log_has_it(caplog):
    with caplog.at_level(logging.WARNING):
        assert not send(FAILURE, None)
    assert "No Slack webhook is set" in caplog.text
    assert "load.db.store" in caplog.text


def test_refusal_is_logged_and_not_raised(web, caplog):
    web.answers = [(404, b"no_service")]
    assert not send(FAILURE, web.url)
    assert "HTTP 404" in caplog.text


def test_slack_down_is_logged_and_not_raised(caplog):
    assert not send(FAILURE, "http://127.0.0.1:9/services/T/B/secret")
    assert "could not be told" in caplog.text
    assert "secret" not in caplog.text


def test_slow_slack_does_not_delay_the_task(web, monkeypatch, caplog):
    monkeypatch.setattr(alerts, "TIMEOUT", 1)
    web.delay = 1.5
    began = time.monotonic()
    assert not send(FAILURE, web.url)
    assert time.monotonic() - began < 1.4
