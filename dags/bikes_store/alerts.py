"""Messages to Slack about tasks: one failed, or it succeeded but somebody must look at what it made."""

from __future__ import annotations

import logging
from dataclasses import dataclass

from slack_sdk.webhook import WebhookClient

log = logging.getLogger(__name__)

#: Seconds to wait for Slack. Airflow stops a callback that still runs 20 seconds after its task ended.
TIMEOUT = 5
# slack_sdk logs the address of the webhook, which is a secret.
_SILENT = logging.Logger("slack_sdk of bikes_store", level=logging.CRITICAL)
_LONGEST_ERROR = 1500  # a Slack message block takes 3,000 characters


@dataclass(frozen=True)
class Alert:
    """What a person must know about a task to act: the task failed, or it succeeded with a warning."""

    dag_id: str
    task_id: str
    run_id: str
    try_number: int
    error: str
    log_url: str
    warning: bool = False


def message(alert: Alert) -> str:
    """The text of the alert, in Slack's markup."""
    sign, became = (":warning:", "succeeded, but") if alert.warning else (":red_circle:", "failed")
    error = alert.error.strip() or "no error was given (the task was killed or timed out)"
    if len(error) > _LONGEST_ERROR:
        error = f"{error[:_LONGEST_ERROR]}…"
    return "\n".join(
        (
            f"{sign} *{_escape(alert.dag_id)}*: task *{_escape(alert.task_id)}* {became}",
            f"run `{_escape(alert.run_id)}`, try {alert.try_number}",
            f"```{_escape(error)}```",
            f"<{alert.log_url}|Log>",
        )
    )


def send(alert: Alert, webhook: str | None) -> bool:
    """Tell Slack. This never raises, because an alert must not change the state of the task.

    :param webhook: the URL of an incoming webhook, or None when there is none. Then the log has the message.
    :return: whether Slack took the message.
    """
    if not webhook:
        log.warning("No Slack webhook is set, so nobody is told: %s", message(alert))
        return False
    try:
        response = WebhookClient(webhook, timeout=TIMEOUT, logger=_SILENT).send(text=message(alert))
    except Exception as error:  # no fault between here and Slack is worth more than a line in the log
        log.warning("Slack could not be told (%s): %s", type(error).__name__, message(alert))
        return False
    if response.status_code != 200:
        log.warning("Slack refused the alert (HTTP %s): %s", response.status_code, message(alert))
    return response.status_code == 200


def _escape(text: str) -> str:
    """Escape Slack's three control characters. https://api.slack.com/reference/surfaces/formatting#escaping"""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
