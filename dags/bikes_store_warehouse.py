"""bikes_store_warehouse: staging area -> dimensions, facts and marts, by dbt."""

from __future__ import annotations

import os
from pathlib import Path

import pendulum
from airflow import DAG
from airflow.operators.python import BranchPythonOperator
from cosmos import DbtTaskGroup, ExecutionConfig, ProfileConfig, ProjectConfig, RenderConfig
from cosmos.constants import ExecutionMode, InvocationMode, LoadMode, TestBehavior
from cosmos.profiles import PostgresUserPasswordProfileMapping

from bikes_store import tasks

# dbt/ lies beside dags/, in the repository as in the containers.
DBT_PROJECT = Path(
    os.environ.get("BIKES_STORE_DBT_PROJECT")
    or Path(__file__).resolve().parent.parent / "dbt" / "bikes_store_warehouse"
)
# `dbt parse` writes it; reading it is what keeps this file quick to import.
DBT_MANIFEST = Path(os.environ.get("BIKES_STORE_DBT_MANIFEST") or DBT_PROJECT / "target" / "manifest.json")
if not DBT_MANIFEST.is_file():
    raise FileNotFoundError(f"{DBT_MANIFEST} does not exist: make it with `dbt parse --project-dir {DBT_PROJECT}`.")

PROJECT = ProjectConfig(
    dbt_project_path=DBT_PROJECT,
    manifest_path=DBT_MANIFEST,
    project_name="bikes_store_warehouse",
    install_dbt_deps=True,
)
PROFILE = ProfileConfig(
    profile_name="bikes_store_warehouse",
    target_name="airflow",
    profile_mapping=PostgresUserPasswordProfileMapping(
        conn_id=tasks.WAREHOUSE_CONNECTION, profile_args={"schema": "warehouse", "threads": 2}
    ),
)


def dbt_group(group_id: str, exclude: list[str]) -> DbtTaskGroup:
    return DbtTaskGroup(
        group_id=group_id,
        project_config=PROJECT,
        profile_config=PROFILE,
        execution_config=ExecutionConfig(execution_mode=ExecutionMode.LOCAL, invocation_mode=InvocationMode.DBT_RUNNER),
        render_config=RenderConfig(
            load_method=LoadMode.DBT_MANIFEST,
            test_behavior=TestBehavior.AFTER_ALL,
            emit_datasets=True,
            exclude=exclude,
        ),
        operator_args={"install_deps": True, "callback": tasks.report_dbt_tests},
        default_args=tasks.DEFAULT_ARGS,
    )


with DAG(
    dag_id="bikes_store_warehouse",
    description="Transform data into warehouse",
    start_date=pendulum.datetime(2024, 9, 1, tz="UTC"),
    schedule=None,
    catchup=False,
    max_active_runs=1,
    default_args=tasks.DEFAULT_ARGS,
    tags=["bikes-store"],
    doc_md=__doc__,
):
    check_is_warehouse_init = BranchPythonOperator(
        task_id="check_is_warehouse_init", python_callable=tasks.warehouse_group
    )
    # dim_date follows from the dates that the data holds, with room to grow: made once, not every day.
    check_is_warehouse_init >> [dbt_group("warehouse_init", []), dbt_group("warehouse", ["dim_date"])]
