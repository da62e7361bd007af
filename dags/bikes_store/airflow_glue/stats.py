"""Gauges, sent by Airflow's own StatsD client."""

from __future__ import annotations

from collections.abc import Mapping

from airflow.stats import Stats


def send_gauges(gauges: Mapping[str, float]) -> None:
    """Send gauges to StatsD.

    :param gauges: values by name, as :mod:`bikes_store.metrics` makes them.
    """
    for name, value in gauges.items():
        Stats.gauge(name, value)
