"""Celery's settings: Airflow's own, and what a worker imports before it forks.

dbt and Cosmos take seconds of processor time to import. Imported once by the worker, they are there in each process
that it forks for a task. Airflow puts the folder `config` of AIRFLOW_HOME on Python's path, where
AIRFLOW__CELERY__CELERY_CONFIG_OPTIONS then finds this module, and the worker the one beside it that
counts its heartbeats.
"""

from airflow.providers.celery.executors.default_celery import DEFAULT_CELERY_CONFIG

CONFIG = {
    **DEFAULT_CELERY_CONFIG,
    "imports": ["worker_heartbeat", "cosmos.operators.local", "dbt.cli.main", "dbt.adapters.postgres"],
}
