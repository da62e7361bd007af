"""bikes_store_maintenance: removes what has been kept for long enough."""

from __future__ import annotations

import pendulum
from airflow import DAG
from airflow.operators.python import PythonOperator

from bikes_store.airflow_glue import documentation, maintenance
from bikes_store.airflow_glue.defaults import DEFAULT_ARGS

with DAG(
    dag_id="bikes_store_maintenance",
    description="Remove old metadata, logs and extracts",
    start_date=pendulum.datetime(2024, 9, 1, tz="UTC"),
    schedule="30 4 * * *",  # when the daily run has ended
    catchup=False,
    max_active_runs=1,
    # Nobody starts it by hand, so it does not wait for somebody to unpause it either.
    is_paused_upon_creation=False,
    default_args=DEFAULT_ARGS,
    tags=["bikes-store"],
    owner_links=documentation.owner_links(),
    doc_md=documentation.of_dag(__file__),
):
    PythonOperator(
        task_id="clean_metadata",
        python_callable=maintenance.clean_metadata,
        doc_md="Removes old runs, tasks and events from Airflow's database: `BIKES_STORE_KEEP_METADATA_DAYS`.",
    )
    PythonOperator(
        task_id="remove_old_extracts",
        python_callable=maintenance.remove_old_extracts,
        doc_md="Removes old objects of extract tasks from the lake: `BIKES_STORE_KEEP_LAKE_DAYS`.",
    )
    PythonOperator(
        task_id="remove_old_logs",
        python_callable=maintenance.remove_old_logs,
        doc_md="Removes old task logs from the lake: `BIKES_STORE_KEEP_LOGS_DAYS`.",
    )
