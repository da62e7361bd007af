"""bikes_store_warehouse: staging area -> dimensions, facts and marts, by dbt."""

from __future__ import annotations

import pendulum
from airflow import DAG
from cosmos import DbtTaskGroup, ExecutionConfig, ProfileConfig, ProjectConfig, RenderConfig
from cosmos.constants import ExecutionMode, InvocationMode, LoadMode, TestBehavior
from cosmos.profiles import PostgresUserPasswordProfileMapping

from bikes_store.airflow_glue import connections, dbt_docs, documentation, tasks
from bikes_store.airflow_glue.callbacks import report_dbt_tests
from bikes_store.airflow_glue.defaults import DEFAULT_ARGS
from bikes_store.airflow_glue.operators import WarehouseGateOperator
from bikes_store.environment import dbt_manifest, dbt_project, manifest_path
from bikes_store.tables import WAREHOUSE_SCHEMA

PROJECT = ProjectConfig(
    dbt_project_path=dbt_project(),
    manifest_path=dbt_manifest(),  # reading it keeps the import of this file quick
    project_name="bikes_store_warehouse",
    install_dbt_deps=True,
)
PROFILE = ProfileConfig(
    profile_name="bikes_store_warehouse",
    target_name="airflow",
    profile_mapping=PostgresUserPasswordProfileMapping(
        conn_id=connections.WAREHOUSE, profile_args={"schema": WAREHOUSE_SCHEMA, "threads": 2, "keepalives_idle": 60}
    ),
)
# Of every dbt task.
COMMON = {
    "install_deps": True,
    # Unit tests run on rows that are made up for them, so they say the same every day:
    # https://docs.getdbt.com/docs/build/unit-tests#when-to-run-unit-tests
    "env": {"PGOPTIONS": "{{ options_of_dbt() }}", "DBT_EXCLUDE_RESOURCE_TYPES": "unit_test"},
    # A task builds one model, so dbt need not first read what the whole schema holds. It saves 0.1 s a task.
    "dbt_cmd_global_flags": ["--no-populate-cache"],
}


def dbt_group(group_id: str, exclude: list[str]) -> DbtTaskGroup:
    """A task for each model and snapshot that is not excluded, then one task that runs all tests."""
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
        operator_args={**COMMON, "pre_execute": tasks.prepare_dbt, "callback": report_dbt_tests},
        default_args=DEFAULT_ARGS,
    )


with DAG(
    dag_id="bikes_store_warehouse",
    description="Transform data into warehouse",
    start_date=pendulum.datetime(2024, 9, 1, tz="UTC"),
    schedule=None,
    catchup=False,
    max_active_runs=1,
    default_args=DEFAULT_ARGS,
    user_defined_macros={"options_of_dbt": tasks.options_of_dbt},
    tags=["bikes-store"],
    doc_md=documentation.of_dag(__file__),
    owner_links=documentation.owner_links(),
) as dag:
    check_is_warehouse_init = WarehouseGateOperator(
        task_id="check_is_warehouse_init",
        python_callable=tasks.warehouse_group,
        doc_md="Waits until no staging run loads. The variable `BIKES_STORE_WAREHOUSE_INIT` says which group runs.",
    )
    # dim_date goes a year or more beyond today, so the daily group leaves it out.
    groups = [dbt_group("warehouse_init", []), dbt_group("warehouse", ["dim_date"])]
    check_is_warehouse_init >> groups
    if dbt_docs.is_in_lake():
        groups >> dbt_docs.write_docs(
            "dbt_docs",
            project_dir=PROJECT.dbt_project_path,
            profile_config=PROFILE,
            manifest_filepath=str(manifest_path()),
            invocation_mode=InvocationMode.DBT_RUNNER,
            pre_execute=tasks.prepare_docs,
            doc_md="Writes dbt's documentation, for the page dbt Docs. Whether it succeeds changes nothing in the run.",
            **COMMON,
        )
    documentation.describe_models(dag, manifest_path())
