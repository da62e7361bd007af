"""Celery's settings: those of Airflow, and the modules that a worker imports before it forks.

It takes seconds of processor time to import dbt and Cosmos. The worker imports them once, and each process that it
forks for a task has them. Airflow puts the folder `config` of AIRFLOW_HOME on Python's path. There
AIRFLOW__CELERY__CELERY_CONFIG_OPTIONS finds this module, and the worker finds worker_heartbeat.py beside it.
"""

from airflow.providers.celery.executors.default_celery import DEFAULT_CELERY_CONFIG

CONFIG = {
    **DEFAULT_CELERY_CONFIG,
    "imports": ["worker_heartbeat", "worker_warm_up"],
}
