"""bikes_store_staging: source database and currency API -> lake -> staging area."""

from __future__ import annotations

import pendulum
from airflow import DAG
from airflow.models.baseoperator import chain
from airflow.operators.python import PythonOperator
from airflow.operators.trigger_dagrun import TriggerDagRunOperator
from airflow.utils.task_group import TaskGroup

from bikes_store import tasks
from bikes_store.tables import CURRENCY, TABLES

with DAG(
    dag_id="bikes_store_staging",
    description="Extract data and load into staging area",
    start_date=pendulum.datetime(2024, 9, 1, tz="UTC"),
    schedule="@daily",
    catchup=False,
    max_active_runs=1,
    default_args=tasks.DEFAULT_ARGS,
    tags=["bikes-store"],
    doc_md=__doc__,
):
    with TaskGroup("extract") as extract:
        with TaskGroup("db"):
            for table in TABLES.values():
                PythonOperator(
                    task_id=table.source,
                    python_callable=tasks.extract_database_table,
                    op_args=[table.name],
                    outlets=[tasks.lake_dataset(table)],
                )
        with TaskGroup("api"):
            PythonOperator(
                task_id=CURRENCY.name,
                python_callable=tasks.extract_currencies,
                outlets=[tasks.lake_dataset(CURRENCY)],
            )

    with TaskGroup("load") as load:
        with TaskGroup("db"):
            # One after another, in the catalogue's order: a table follows those that it refers to.
            chain(
                *(
                    PythonOperator(
                        task_id=name,
                        python_callable=tasks.load_database_table,
                        op_args=[name],
                        outlets=[tasks.staging_dataset(name)],
                    )
                    for name in TABLES
                )
            )
        with TaskGroup("api"):
            PythonOperator(
                task_id=CURRENCY.name,
                python_callable=tasks.load_currencies,
                outlets=[tasks.staging_dataset(CURRENCY.name)],
            )

    trigger = TriggerDagRunOperator(
        task_id="trigger_bikes_store_warehouse",
        trigger_dag_id="bikes_store_warehouse",
        # The warehouse run bears this run's name and date, and is reset when this run is repeated.
        trigger_run_id="{{ run_id }}",
        execution_date="{{ logical_date.isoformat() }}",
        reset_dag_run=True,
        outlets=[tasks.staging_dataset("*")],
    )

    extract >> load >> trigger
