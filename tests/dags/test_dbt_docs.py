"""dbt's documentation is written after a run that succeeded, and decides nothing about the run."""

from __future__ import annotations

import importlib
import json
from datetime import datetime, timezone

import pytest
from airflow.exceptions import AirflowSkipException
from airflow.models import DagBag, DagRun, TaskInstance
from airflow.utils.session import create_session
from airflow.utils.types import DagRunType
from cosmos.plugin import airflow2

from bikes_store.airflow_glue import callbacks, tasks
from cli.paths import REPOSITORY
from cli.processes.airflow import environment
from cli.processes.settings import Settings, generate_secrets
from tests.support.metadata import metadata_tables
from tests.support.ports import free_ports

DAY = datetime(2024, 9, 1, tzinfo=timezone.utc)
GATE, DOCS = "check_is_warehouse_init", "dbt_docs"
DAILY, INIT = "warehouse.bikes_store_warehouse_test", "warehouse_init.bikes_store_warehouse_test"


@pytest.fixture(scope="module")
def warehouse(manifest):
    """The DAG as the platform has it, with the documentation in the lake."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("BIKES_STORE_DBT_MANIFEST", str(manifest))
        patch.setenv("AIRFLOW__COSMOS__DBT_DOCS_DIR", "s3://airflow-logs/dbt-docs")
        bag = DagBag(REPOSITORY / "dags" / "bikes_store_warehouse.py", include_examples=False)
    assert bag.import_errors == {}
    return bag.dags["bikes_store_warehouse"]


def test_it_comes_after_all_others_and_says_where_it_writes(warehouse):
    task = warehouse.get_task(DOCS)
    assert task.upstream_task_ids == {DAILY, INIT}
    assert task.downstream_task_ids == set()
    assert [outlet.uri for outlet in task.outlets] == ["s3://airflow-logs/dbt-docs/static_index.html"]
    assert (task.connection_id, task.bucket_name, task.folder_dir) == ("s3-conn", "airflow-logs", "dbt-docs")
    assert task.required_files == ["static_index.html"]
    assert task.on_failure_callback is callbacks.alert_slack
    assert task.execution_timeout.total_seconds() == 600


def test_where_cosmos_shows_no_documentation_of_an_s3_there_is_no_task(dags):
    assert DOCS not in dags.dags["bikes_store_warehouse"].task_ids


def test_both_ways_to_run_the_platform_keep_it_in_the_same_place(tmp_path):
    demo = environment(Settings(tmp_path, free_ports(), generate_secrets()))
    terraform = (REPOSITORY / "terraform" / "modules" / "airflow" / "main.tf").read_text()
    assert demo["AIRFLOW__COSMOS__DBT_DOCS_DIR"] == "s3://airflow-logs/dbt-docs"
    assert '= "s3://${var.buckets.logs}/dbt-docs"' in terraform
    assert demo["AIRFLOW__COSMOS__DBT_DOCS_INDEX_FILE_NAME"] == "static_index.html"


@pytest.fixture
def run(warehouse):
    """Make a run whose tasks have these states, each other task the state ``success``."""
    with metadata_tables():

        def make(**states):
            with create_session() as session:
                made = DagRun(warehouse.dag_id, "by_hand", execution_date=DAY, run_type=DagRunType.MANUAL)
                made.state, made.start_date = "running", DAY
                session.add(made)
                session.flush()
                for task in warehouse.tasks:
                    state = states.get(task.task_id, "skipped" if task.task_id.startswith("warehouse.") else "success")
                    session.add(TaskInstance(task, run_id=made.run_id, state=state))
            made.dag = warehouse
            return made

        yield make


@pytest.mark.parametrize(
    ("tests", "docs", "expected"),
    [
        ("success", "success", "success"),
        ("success", "failed", "success"),
        ("failed", "skipped", "failed"),
        ("failed", "success", "failed"),  # somebody marked it
        ("upstream_failed", "skipped", "failed"),
    ],
)
def test_the_run_is_what_it_was_without_it(run, tests, docs, expected):
    made = run(**{INIT: tests, DOCS: docs})
    made.update_state()
    assert made.state == expected


@pytest.mark.parametrize("state", ["failed", "upstream_failed", "skipped"])
def test_a_run_that_failed_leaves_the_documentation_as_it_is(run, warehouse, state):
    made = run(**{INIT: state, DOCS: "running"})
    with pytest.raises(AirflowSkipException, match="stays as it is"):
        tasks.prepare_docs({"task": warehouse.get_task(DOCS), "dag_run": made})


def test_a_group_that_the_branch_left_out_does_not_count(run, warehouse, monkeypatch):
    watched: list[object] = []
    monkeypatch.setattr("bikes_store.database.cancel_on_signals", watched.append)
    made = run(**{DOCS: "running"})
    tasks.prepare_docs({"task": warehouse.get_task(DOCS), "dag_run": made})
    assert len(watched) == 1


def test_it_is_uploaded_where_the_webserver_looks(warehouse, services, s3, airflow_environment, tmp_path, plugin):
    address = "s3://airflow-logs/dbt-docs/static_index.html"
    before = airflow2.open_file(address, "s3-conn")
    assert "There is no documentation yet" in before and "</head>" in before
    with pytest.raises(FileNotFoundError):
        airflow2.open_file("s3://airflow-logs/dbt-docs/catalog.json", "s3-conn")
    task = warehouse.get_task(DOCS)
    task.upload_to_cloud_storage(str(tmp_path))  # dbt failed
    assert airflow2.open_file(address, "s3-conn") == before
    (tmp_path / "target").mkdir()
    (tmp_path / "target" / "static_index.html").write_text("<html>fact_order</html>")
    task.upload_to_cloud_storage(str(tmp_path))
    assert airflow2.open_file(address, "s3-conn") == "<html>fact_order</html>"
    assert s3.head_object(Bucket="airflow-logs", Key="dbt-docs/static_index.html")["ContentType"] == "text/html"


def test_a_lake_that_does_not_answer_is_a_sentence(airflow_environment, plugin):
    gone = json.dumps({"endpoint_url": "http://127.0.0.1:9", "config_kwargs": {"retries": {"max_attempts": 0}}})
    connection = json.dumps({"conn_type": "aws", "login": "a", "password": "b", "extra": gone})
    airflow_environment.setenv("AIRFLOW_CONN_S3-CONN", connection)
    page = airflow2.open_file("s3://airflow-logs/dbt-docs/static_index.html", "s3-conn")
    assert "in the lake can&#x27;t be read: Could not connect to the endpoint URL" in page


@pytest.fixture(scope="module")
def plugin():
    """airflow/plugins/dbt_docs.py, as the webserver has it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(REPOSITORY / "airflow" / "plugins")
        patch.setattr(airflow2, "open_file", airflow2.open_file)  # put back afterwards
        yield importlib.import_module("dbt_docs")
