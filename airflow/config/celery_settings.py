"""Celery's settings: those of Airflow, and the modules that a worker imports before it forks.

All of these listen to a signal of Celery's. Airflow puts the folder `config` of AIRFLOW_HOME on Python's path. There
AIRFLOW__CELERY__CELERY_CONFIG_OPTIONS finds this module, and the worker finds those beside it.
"""

import celery_results
from airflow.providers.celery.executors.default_celery import DEFAULT_CELERY_CONFIG

celery_results.keep_engine()

CONFIG = {
    **DEFAULT_CELERY_CONFIG,
    "imports": ["worker_heartbeat", "worker_lost_tasks", "worker_warm_up"],
}
