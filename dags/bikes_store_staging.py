"""bikes_store_staging: source database and currency API -> lake -> staging area."""

from __future__ import annotations

import pendulum
from airflow import DAG
from airflow.models.baseoperator import chain
from airflow.utils.task_group import TaskGroup

from bikes_store.airflow_glue import documentation, tasks
from bikes_store.airflow_glue.callbacks import send_unsent_alerts
from bikes_store.airflow_glue.datasets import lake_dataset, staging_dataset
from bikes_store.airflow_glue.defaults import DEFAULT_ARGS, WAREHOUSE_TIMEOUT
from bikes_store.airflow_glue.operators import ExtractOperator, LoadOperator, TriggerWarehouseOperator
from bikes_store.tables import CURRENCY, TABLES

with DAG(
    dag_id="bikes_store_staging",
    description="Extract data and load into staging area",
    start_date=pendulum.datetime(2024, 9, 1, tz="UTC"),
    schedule="@daily",
    catchup=False,
    max_active_runs=1,
    default_args={**DEFAULT_ARGS, "on_success_callback": send_unsent_alerts},
    tags=["bikes-store"],
    doc_md=documentation.of_dag(__file__),
    owner_links=documentation.owner_links(),
):
    with TaskGroup("extract") as extract:
        with TaskGroup("db"):
            for table in TABLES.values():
                ExtractOperator(
                    task_id=table.source,
                    table=table,
                    python_callable=tasks.extract_database_table,
                    op_args=[table.name],
                    outlets=[lake_dataset(table)],
                    doc_md=documentation.of_extract(table),
                )
        with TaskGroup("api"):
            ExtractOperator(
                task_id=CURRENCY.name,
                table=CURRENCY,
                python_callable=tasks.extract_currencies,
                outlets=[lake_dataset(CURRENCY)],
                doc_md=documentation.of_extract(CURRENCY),
            )

    with TaskGroup("load") as load:
        with TaskGroup("db"):
            # One after another, in the catalogue's order: a table comes after the tables that it refers to.
            chain(
                *(
                    LoadOperator(
                        task_id=name,
                        table=table,
                        python_callable=tasks.load_database_table,
                        op_args=[name],
                        outlets=[staging_dataset(name)],
                        doc_md=documentation.of_load(table),
                    )
                    for name, table in TABLES.items()
                )
            )
        with TaskGroup("api"):
            LoadOperator(
                task_id=CURRENCY.name,
                table=CURRENCY,
                python_callable=tasks.load_currencies,
                outlets=[staging_dataset(CURRENCY.name)],
                doc_md=documentation.of_load(CURRENCY),
            )

    trigger = TriggerWarehouseOperator(
        task_id="trigger_bikes_store_warehouse",
        trigger_dag_id="bikes_store_warehouse",
        # The warehouse run has this run's name and date. When this run is repeated, so is the warehouse run. Airflow
        # reads a run's type from its name, and its scheduler starts no run of the type backfill.
        trigger_run_id="{{ run_id.replace('backfill__', 'backfilled__', 1) }}",
        execution_date="{{ logical_date.isoformat() }}",
        reset_dag_run=True,
        # This run ends after the warehouse run. So the next one, which may not start before, does not write to the
        # staging area while the warehouse is built. A warehouse run that fails has told of it: it is no failure here.
        wait_for_completion=True,
        deferrable=True,
        poke_interval=1,
        allowed_states=["success", "failed"],
        failed_states=[],
        execution_timeout=WAREHOUSE_TIMEOUT,
        outlets=[staging_dataset("*")],
        doc_md="Starts the run of `bikes_store_warehouse` that has this run's name, and waits for its end.",
    )

    extract >> load >> trigger
