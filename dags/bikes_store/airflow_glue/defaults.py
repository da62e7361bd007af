"""Arguments that every task of both DAGs has."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from bikes_store.airflow_glue.callbacks import alert_slack

#: Who sees to both DAGs.
OWNER = "bikes-store"
#: How long a try of a task may take. A wait for its turn counts (see operators.py); a wait for a worker does not.
TASK_TIMEOUT = timedelta(hours=2)
#: How long a staging run waits for its warehouse run: longer than the tasks of that run can take, retries included.
WAREHOUSE_TIMEOUT = timedelta(hours=24)

#: A retry helps when a service was out of reach. A task whose input is refused fails at once. A task that was cleared
#: many times would wait for days without the limit, because the number of its tries only grows.
DEFAULT_ARGS: dict[str, Any] = {
    "owner": OWNER,
    "retries": 2,
    "retry_delay": timedelta(seconds=30),
    "retry_exponential_backoff": True,
    "max_retry_delay": timedelta(minutes=5),
    "execution_timeout": TASK_TIMEOUT,
    "on_failure_callback": alert_slack,
}
