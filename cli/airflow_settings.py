"""Airflow's settings that are the same wherever the platform runs."""

from __future__ import annotations

from cli.paths import AIRFLOW


def common_settings() -> dict[str, str]:
    """The environment variables of airflow/airflow.env."""
    lines = (line.strip() for line in (AIRFLOW / "airflow.env").read_text().splitlines())
    return dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))
