"""Arguments that every task of both DAGs has."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from bikes_store.airflow_glue.callbacks import alert_slack

#: A retry helps when a service was out of reach. A task whose input is refused fails at once.
DEFAULT_ARGS: dict[str, Any] = {
    "owner": "bikes-store",
    "retries": 2,
    "retry_delay": timedelta(seconds=30),
    "retry_exponential_backoff": True,
    "on_failure_callback": alert_slack,
}
