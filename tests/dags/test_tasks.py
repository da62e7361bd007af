"""The tasks as Airflow calls them: connections and variables from Airflow, work on real services."""

from __future__ import annotations

import json
from datetime import datetime, timedelta, timezone
from types import SimpleNamespace

import pytest
from airflow.exceptions import AirflowFailException
from airflow.models import Connection

from bikes_store import tasks
from cli.database import query
from cli.names import LAKE_ACCESS_KEY, LAKE_REGION
from cli.paths import REPOSITORY
from cli.processes.postgres import psql
from tests.support.web import web_server

START = datetime(2024, 9, 1, tzinfo=timezone.utc)


@pytest.fixture(scope="module")
def databases(postgres):
    source = postgres.create_database("tasks_source")
    psql(source).run(REPOSITORY / "source" / "bikes_store" / "schema.sql")
    warehouse = postgres.create_database("tasks_warehouse")
    psql(warehouse).run(REPOSITORY / "warehouse" / "staging.sql")
    psql(source).run(
        statement="INSERT INTO purchasing.shipmethod (shipmethodid, name, shipbase, shiprate, modifieddate)"
        " VALUES (1, 'POST', 1, 1, '2024-09-01 10:00'), (2, 'SHIP', 1, 1, '2024-08-01')",
    )
    return source, warehouse


@pytest.fixture
def airflow(databases, services, s3, monkeypatch):
    """Airflow's connections and variables, from the environment."""
    secrets = services.settings.secrets
    connections = {
        tasks.SOURCE_CONNECTION: Connection(uri=databases[0]),
        tasks.STAGING_CONNECTION: Connection(uri=databases[1]),
        tasks.LAKE_CONNECTION: Connection(
            conn_type="aws",
            login=LAKE_ACCESS_KEY,
            password=secrets["lake_secret_key"],
            extra=json.dumps({"endpoint_url": services.settings.lake_endpoint, "region_name": LAKE_REGION}),
        ),
    }
    for name, connection in connections.items():
        monkeypatch.setenv(f"AIRFLOW_CONN_{name.upper()}", connection.get_uri())
    variables = json.loads((REPOSITORY / "airflow" / "airflow_variables_init.json").read_text())
    for name, value in variables.items():
        monkeypatch.setenv(f"AIRFLOW_VAR_{name.upper()}", value if isinstance(value, str) else json.dumps(value))
    return monkeypatch


def context(run_id):
    return {"run_id": run_id, "data_interval_start": START, "data_interval_end": START + timedelta(days=1)}


def test_full_then_incremental(airflow, databases):
    assert tasks.extract_database_table("shipmethod", **context("full")) == {"rows": 2, "window": "full"}
    assert tasks.load_database_table("shipmethod", **context("full")) == {"rows": 2, "written": 2, "deleted": 0}
    airflow.setenv("AIRFLOW_VAR_BIKES_STORE_STAGING_INCREMENTAL_MODE", "yes")
    taken = tasks.extract_database_table("shipmethod", **context("daily"))
    assert taken == {"rows": 1, "window": "2024-09-01T00:00:00/2024-09-02T00:00:00"}
    assert tasks.load_database_table("shipmethod", **context("daily")) == {"rows": 1, "written": 0, "deleted": 0}
    assert query(databases[1], "SELECT count(*) FROM bikes_store_staging.shipmethod") == [(2,)]


def test_currencies(airflow, currency_url):
    airflow.setenv("AIRFLOW_VAR_BIKES_STORE_API_URL", currency_url)
    airflow.setenv("AIRFLOW_VAR_BIKES_STORE_STAGING_INCREMENTAL_MODE", "True")
    assert tasks.extract_currencies(**context("api")) == {"rows": 105, "window": "full"}
    assert tasks.load_currencies(**context("api"))["rows"] == 105


@pytest.mark.parametrize(
    ("variable", "value", "says"),
    [
        ("BIKES_STORE_STAGING_INCREMENTAL_MODE", "daily", "must be true or false, not 'daily'"),
        ("BIKES_STORE_STAGING__TABLE_TO_EXTRACT_AND_LOAD", "{", "is not JSON"),
        ("BIKES_STORE_STAGING__TABLE_TO_EXTRACT_AND_LOAD", "[]", "must be a JSON object"),
    ],
)
def test_wrong_variable_fails_at_once_with_a_sentence(airflow, variable, value, says):
    """AirflowFailException: no retry would change it."""
    airflow.setenv(f"AIRFLOW_VAR_{variable}", value)
    with pytest.raises(AirflowFailException, match=says):
        tasks.extract_database_table("shipmethod", **context("r"))


def test_database_down_fails_and_is_no_skip(airflow):
    airflow.setenv("AIRFLOW_CONN_BIKES-STORE-DB", "postgres://nobody:secret@127.0.0.1:9/none?connect_timeout=2")
    with pytest.raises(Exception, match="Connection refused") as failure:
        tasks.extract_database_table("shipmethod", **context("r"))
    assert type(failure.value).__name__ == "OperationalError"
    assert "secret" not in str(failure.value)


@pytest.mark.parametrize(
    ("value", "group"),
    [("True", "warehouse_init"), ("no", "warehouse"), ("FALSE", "warehouse"), ("1", "warehouse_init")],
)
def test_branch_follows_the_variable(airflow, value, group):
    airflow.setenv("AIRFLOW_VAR_BIKES_STORE_WAREHOUSE_INIT", value)
    assert tasks.warehouse_group() == group


def test_branch_refuses_anything_else(airflow):
    airflow.setenv("AIRFLOW_VAR_BIKES_STORE_WAREHOUSE_INIT", "perhaps")
    with pytest.raises(AirflowFailException, match="BIKES_STORE_WAREHOUSE_INIT must be true or false, not 'perhaps'"):
        tasks.warehouse_group()


FAILED = {
    "task_instance": SimpleNamespace(
        dag_id="bikes_store_staging", task_id="load.db.store", run_id="r1", try_number=3, log_url="http://airflow/log"
    ),
    "exception": ValueError("no such store"),
}


def test_alert_reaches_the_webhook_of_the_connection(airflow):
    with web_server() as web:
        airflow.setenv("AIRFLOW_CONN_SLACK-NOTIFIER", json.dumps({"conn_type": "slackwebhook", "password": web.url}))
        tasks.alert_slack(FAILED)
        text = json.loads(web.requests[0])["text"]
    assert len(web.requests) == 1
    for part in ("bikes_store_staging", "load.db.store", "r1", "try 3", "no such store", "http://airflow/log"):
        assert part in text


@pytest.mark.parametrize("password", ["T0/B0/x", "/T0/B0/x"])
def test_webhook_may_be_split_into_host_and_token(airflow, password):
    value = {"conn_type": "slackwebhook", "host": "https://hooks.example.com/services/", "password": password}
    airflow.setenv("AIRFLOW_CONN_SLACK-NOTIFIER", json.dumps(value))
    assert tasks._slack_webhook() == "https://hooks.example.com/services/T0/B0/x"


def test_alert_without_webhook_says_so(airflow, caplog):
    airflow.setenv("AIRFLOW_CONN_SLACK-NOTIFIER", json.dumps({"conn_type": "slackwebhook", "password": ""}))
    tasks.alert_slack(FAILED)
    assert "No Slack webhook is set" in caplog.text
