"""Airflow's local settings for tests: the platform's own, and retries after seconds instead of minutes.

A folder on PYTHONPATH comes before AIRFLOW_HOME/config, so Airflow imports this file in place of the platform's.
"""

from __future__ import annotations

import importlib.util
from datetime import timedelta
from pathlib import Path
from typing import Any

_REPOSITORY = Path(__file__).parents[3]
_spec = importlib.util.spec_from_file_location(
    "platform_local_settings", _REPOSITORY / "airflow" / "config" / "airflow_local_settings.py"
)
assert _spec
assert _spec.loader
_platform = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(_platform)
globals().update({name: getattr(_platform, name) for name in _platform.__all__})

__all__ = (*_platform.__all__, "task_policy")


def task_policy(task: Any) -> None:
    """Airflow calls this for each task that it reads from a DAG file."""
    task.retry_delay = timedelta(seconds=2)
    task.max_retry_delay = timedelta(seconds=5)
