"""Airflow's local settings. It imports this module from its folder `config`, and takes what ``__all__`` names.

https://airflow.apache.org/docs/apache-airflow/2.10.2/howto/set-config.html#configuring-local-settings

A process that runs a task keeps one connection to the metadata database. Airflow gives it none to keep, so it opens
about nine for a small task. Each costs 6 ms, of which 4 ms are processor time (measured on 2 cores): as much as the
small task itself. A task has two such processes, so a worker has at most twice as many connections as it runs tasks.

The secrets of Airflow's own configuration are masked in logs and in rendered templates. Airflow does that itself from
2.10.3 on (CVE-2024-45784); to do it twice is harmless.
"""

from __future__ import annotations

import os
from typing import Any

from airflow import settings
from airflow.configuration import conf
from airflow.utils.log.secrets_masker import mask_secret

__all__ = ("configure_action_logging", "prepare_engine_args")

_prepare_engine_args = settings.prepare_engine_args


def prepare_engine_args(disable_connection_pool: bool = False, pool_class: type | None = None) -> dict[str, Any]:
    """Airflow's arguments for SQLAlchemy's engine, with a pool of one connection where Airflow asks for none."""
    arguments = _prepare_engine_args(pool_class=pool_class)
    if disable_connection_pool and "pool_size" in arguments:  # it has none where pools are switched off
        arguments["pool_size"] = 1
    return arguments


def configure_action_logging() -> None:
    """Mask the secrets of the configuration. Airflow calls this last, when its logging is set up; its own is empty."""
    for section, key in conf.sensitive_config_values:
        with conf.suppress_future_warnings():  # it lists old names too
            value = conf.get(section, key, fallback=None, suppress_warnings=True)
        if value:
            mask_secret(value)


def _forget_connections() -> None:
    """A fork leaves the connections to the process that opened them: it neither uses nor closes them."""
    if settings.engine is not None:
        settings.engine.dispose(close=False)


os.register_at_fork(after_in_child=_forget_connections)
