"""Messages to Slack about tasks: one failed, or it succeeded but somebody must look at what it made."""

from __future__ import annotations

import logging
import queue
import threading
import time
from collections.abc import Callable, Sequence
from typing import Any

from slack_sdk.http_retry.builtin_handlers import (
    ConnectionErrorRetryHandler,
    RateLimitErrorRetryHandler,
    ServerErrorRetryHandler,
)
from slack_sdk.webhook import WebhookClient

from bikes_store.outbox import Alert, Outbox

log = logging.getLogger(__name__)

#: Seconds that telling Slack may take, all tries and waits together. Airflow stops a callback that still runs 20
#: seconds after its task ended.
DEADLINE = 12.0
#: Seconds to wait for the next byte of an answer.
TIMEOUT = 5.0
#: Seconds in which alerts that Slack did not take are not tried again by tasks that succeed.
PAUSE = 300.0

# slack_sdk logs the address of the webhook, which is a secret.
_SILENT = logging.Logger("slack_sdk of bikes_store", level=logging.CRITICAL)
_RATE_LIMIT_TRIES = 5
_POLL = 0.2
_LONGEST_ERROR = 1500  # a Slack message block takes 3,000 characters
_LONGEST_LINE = 150
_LONGEST_LIST = 10_000  # Slack shortens a text of more than 40,000


def message(alert: Alert) -> str:
    """The text of one alert, in Slack's markup."""
    return "\n".join(
        (
            _headline(alert),
            f"run `{_code(alert.run_id)}`, try {alert.try_number}",
            f"```{_shortened(_error(alert), _LONGEST_ERROR)}```",
            f"<{_escape(alert.log_url)}|Log>",
        )
    )


def messages(alerts: Sequence[Alert]) -> tuple[str, int]:
    """The text of one message, and how many of the alerts it tells: one in full, several with a line each."""
    if len(alerts) == 1:
        return message(alerts[0]), 1
    lines: list[str] = []
    for alert in alerts:
        first = _error(alert).splitlines()[0]
        lines.append(
            f"{_headline(alert)}: {_shortened(first, _LONGEST_LINE)}"
            f" (run `{_code(alert.run_id)}`, try {alert.try_number}, <{_escape(alert.log_url)}|Log>)"
        )
        if len(lines) > 1 and sum(map(len, lines)) > _LONGEST_LIST:
            lines.pop()
            break
    return "\n".join(lines), len(lines)


def send(alert: Alert, webhook: str | None, outbox: Outbox) -> bool:
    """Tell Slack. This never raises, because an alert must not change the state of the task. It takes DEADLINE at most.

    Alerts that wait in the outbox go with it. An alert that Slack does not take stays there, and the log has it as an
    error.

    :param webhook: the URL of an incoming webhook, or None when there is none. Then the log has the message.
    :return: whether Slack took the message.
    """
    if not webhook:
        log.warning("No Slack webhook is set, so nobody is told: %s", message(alert))
        return False
    ends = time.monotonic() + DEADLINE
    try:
        file = outbox.put(alert)
        why, then = _deliver(outbox, webhook, ends, file.exists), f"it waits in {outbox.folder}"
    except OSError as error:  # a full disk, for instance
        why, then = _post(message(alert), webhook, ends), f"it can't be kept: {error.strerror}"
    if why:
        log.error("Slack could not be told (%s; %s): %s", why, then, message(alert))
    return not why


def send_unsent(webhook: str | None, outbox: Outbox) -> None:
    """Send what waits in the outbox, unless Slack took nothing a moment ago. This never raises."""
    try:
        if not webhook or not outbox.waiting() or time.time() - outbox.refused_at() < PAUSE:
            return
        if why := _deliver(outbox, webhook, time.monotonic() + DEADLINE, lambda: bool(outbox.waiting())):
            log.warning("Slack could not be told of the alerts in %s (%s).", outbox.folder, why)
    except OSError as error:
        log.warning("The alerts in %s could not be sent: %s.", outbox.folder, error.strerror)


def _deliver(outbox: Outbox, webhook: str, ends: float, is_waiting: Callable[[], bool]) -> str:
    """Send what waits in the outbox until a condition is false. Of several processes, one at a time sends.

    :return: why the condition is still true, or nothing.
    """
    began = time.time()
    while is_waiting():
        if time.monotonic() > ends:
            return "other processes were sending"
        with outbox.locked() as is_ours:
            if is_ours and (waiting := outbox.waiting()):
                if outbox.refused_at() > began:
                    return "it took nothing of another process a moment ago"
                text, count = messages(list(waiting.values()))
                why = _post(text, webhook, ends)
                if why == "HTTP 400":  # it would be refused again, and all others with it
                    log.error("Slack does not understand the alert, so it is dropped: %s", text)
                elif why:
                    outbox.remember_refusal()
                    return why
                outbox.remove(list(waiting)[:count])
                continue
        time.sleep(_POLL)
    return ""


def _post(text: str, webhook: str, ends: float) -> str:
    """Send a text, and wait as long as Slack asks for; returns why Slack did not take it, or nothing."""
    answers: queue.SimpleQueue[str] = queue.SimpleQueue()
    seconds = max(ends - time.monotonic(), 0.1)
    client = WebhookClient(
        webhook,
        timeout=min(TIMEOUT, seconds),  # type: ignore[arg-type]  # urllib takes fractions
        logger=_SILENT,
        retry_handlers=[_RateLimitHandler(ends), ServerErrorRetryHandler(), ConnectionErrorRetryHandler()],
    )

    def work() -> None:
        try:
            status = client.send(text=text).status_code
        except Exception as error:  # no fault between here and Slack is worth more than a line in the log
            answers.put(type(error).__name__)
        else:
            answers.put("" if status == 200 else f"HTTP {status}")

    # A thread, because the timeout of a socket begins again with each byte.
    threading.Thread(target=work, name="slack", daemon=True).start()
    try:
        return answers.get(timeout=seconds)
    except queue.Empty:
        return f"no answer within {seconds:.0f} seconds"


class _RateLimitHandler(RateLimitErrorRetryHandler):
    """Waits as long as Slack asks for, if that is before the deadline."""

    def __init__(self, ends: float) -> None:
        super().__init__(max_retry_count=_RATE_LIMIT_TRIES)
        self._ends = ends

    def _can_retry(self, *, response: Any = None, **others: Any) -> bool:
        if not super()._can_retry(response=response, **others):
            return False
        names = {name.lower(): values[0] for name, values in response.headers.items()}
        asked = names.get("retry-after", "1")
        # The library waits up to a second more than Slack asks for, and does not know the form with a date.
        return asked.isdigit() and time.monotonic() + int(asked) + 1 < self._ends


def _headline(alert: Alert) -> str:
    sign, became = (":warning:", "succeeded, but") if alert.warning else (":red_circle:", "failed")
    return f"{sign} *{_escape(alert.dag_id)}*: task *{_escape(alert.task_id)}* {became}"


def _error(alert: Alert) -> str:
    return alert.error.strip() or "no error was given (the task was killed or timed out)"


def _shortened(text: str, longest: int) -> str:
    """A text for a block of code, escaped, and then no longer than so many characters and an ellipsis."""
    pieces: list[str] = []
    length = 0
    for character in text:
        piece = _code(character)
        length += len(piece)
        if length > longest:
            return "".join(pieces) + "…"
        pieces.append(piece)
    return "".join(pieces)


def _code(text: str) -> str:
    """Escape what would end a piece of code: a backtick becomes the prime that looks like it."""
    return _escape(text).replace("`", "ˋ")


def _escape(text: str) -> str:
    """Escape Slack's three control characters. https://api.slack.com/reference/surfaces/formatting#escaping"""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
