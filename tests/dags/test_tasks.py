"""The tasks as Airflow calls them: connections and variables from Airflow, work on real services."""

from __future__ import annotations

import json
from contextlib import closing
from datetime import datetime, timedelta, timezone

import pendulum
import psycopg2
import pytest
from airflow.exceptions import AirflowFailException

from bikes_store.airflow_glue import tasks, variables
from bikes_store.airflow_glue.failures import no_retry_when_refused
from bikes_store.deletions import DeletionLimit
from bikes_store.tables import TABLES
from cli.database import connect, query

START = pendulum.datetime(2024, 9, 1, tz="UTC")  # of Airflow's own type


def context(run_id, start=START):
    return {"run_id": run_id, "data_interval_start": start, "data_interval_end": start + timedelta(days=1)}


def test_full_then_incremental(airflow_environment, databases):
    assert tasks.extract_database_table("shipmethod", **context("full")) == {"rows": 2, "window": "full"}
    assert tasks.load_database_table("shipmethod", **context("full")) == {"rows": 2, "written": 2, "deleted": 0}
    airflow_environment.setenv("AIRFLOW_VAR_BIKES_STORE_STAGING_INCREMENTAL_MODE", "yes")
    taken = tasks.extract_database_table("shipmethod", **context("daily"))
    assert taken == {"rows": 1, "window": "2024-08-31T18:00:00/2024-09-02T00:00:00"}  # six hours of overlap
    assert tasks.load_database_table("shipmethod", **context("daily")) == {"rows": 1, "written": 0, "deleted": 0}
    assert query(databases[1], "SELECT count(*) FROM bikes_store_staging.shipmethod") == [(2,)]


def test_the_scheduler_is_down_over_two_midnights(airflow_environment, databases, caplog):
    """Airflow runs the last day only. That run takes the days before it too, and says so."""
    with closing(psycopg2.connect(databases[1])) as staging, staging, staging.cursor() as cursor:
        cursor.execute("TRUNCATE bikes_store_staging.shipmethod, bikes_store_staging.load_log")
    first = tasks.extract_database_table("shipmethod", **context("first"))
    tasks.load_database_table("shipmethod", **context("first"))
    with closing(psycopg2.connect(databases[1])) as staging, staging, staging.cursor() as cursor:
        cursor.execute("UPDATE bikes_store_staging.load_log SET extracted_at = '2024-09-02 00:01+00'")
    assert first["window"] == "full"
    airflow_environment.setenv("AIRFLOW_VAR_BIKES_STORE_STAGING_INCREMENTAL_MODE", "yes")
    airflow_environment.setenv("AIRFLOW_VAR_BIKES_STORE_STAGING_OVERLAP_HOURS", "0")
    taken = tasks.extract_database_table("shipmethod", **context("later", START + timedelta(days=3)))
    assert taken["window"] == "2024-09-02T00:01:00/2024-09-05T00:00:00"
    assert "holds its changes up to 2024-09-02 00:01:00" in caplog.text
    tasks.load_database_table("shipmethod", **context("later", START + timedelta(days=3)))


@pytest.mark.parametrize(("days", "deleted"), [("1", 1), ("0", 0)])
def test_a_run_in_incremental_mode_deletes_when_it_is_due(airflow_environment, databases, days, deleted):
    start = datetime.now(timezone.utc)
    tasks.extract_database_table("shipmethod", **context("before deletion", start))
    tasks.load_database_table("shipmethod", **context("before deletion", start))
    airflow_environment.setenv("AIRFLOW_VAR_BIKES_STORE_STAGING_INCREMENTAL_MODE", "yes")
    airflow_environment.setenv("AIRFLOW_VAR_BIKES_STORE_STAGING_DELETIONS_EVERY_DAYS", days)
    with closing(psycopg2.connect(databases[1])) as staging, staging, staging.cursor() as cursor:
        cursor.execute(
            "INSERT INTO bikes_store_staging.shipmethod VALUES (3, 'GONE', 1, 1, gen_random_uuid(), '2024-08-01')"
        )
    tasks.extract_database_table("shipmethod", **context(f"deletions {days}", start))
    assert tasks.load_database_table("shipmethod", **context(f"deletions {days}", start))["deleted"] == deleted


def test_currencies(airflow_environment, currency_url):
    airflow_environment.setenv("AIRFLOW_VAR_BIKES_STORE_API_URL", currency_url)
    airflow_environment.setenv("AIRFLOW_VAR_BIKES_STORE_STAGING_INCREMENTAL_MODE", "True")
    assert tasks.extract_currencies(**context("api")) == {"rows": 105, "window": "full"}
    assert tasks.load_currencies(**context("api"))["rows"] == 105


@pytest.mark.parametrize(
    ("statement", "again"),
    [
        ("SELEC 1", False),
        ("SELECT * FROM nothing", False),
        ("SELECT 'x'::integer", False),
        ("SELECT pg_terminate_backend(pg_backend_pid())", True),
        ("SET statement_timeout = 1; SELECT pg_sleep(1)", True),
    ],
)
def test_a_statement_that_is_wrong_is_not_tried_again(databases, statement, again):
    with (
        pytest.raises(psycopg2.OperationalError if again else AirflowFailException) as failure,
        no_retry_when_refused(),
        closing(psycopg2.connect(databases[0])) as connection,
        connection.cursor() as cursor,
    ):
        cursor.execute(statement)
    if not again:
        assert str(failure.value).startswith("PostgreSQL refuses a statement, so a retry does not help: ")
        assert "\n" not in str(failure.value)


TABLES_TO_LOAD = "AIRFLOW_VAR_BIKES_STORE_STAGING__TABLE_TO_EXTRACT_AND_LOAD"


@pytest.mark.parametrize("value", [None, "{}", '{"person": ["person", "businessentityid"]}'])
def test_a_table_that_no_variable_lists_has_the_catalogues_key(airflow_environment, value):
    """A variable from before the table was added, or none at all."""
    if value is None:
        airflow_environment.delenv(TABLES_TO_LOAD)
    else:
        airflow_environment.setenv(TABLES_TO_LOAD, value)
    assert tasks.extract_database_table("shipmethod", **context("default key"))["rows"] == 2
    assert tasks.load_database_table("shipmethod", **context("default key"))["rows"] == 2


def test_the_variables_key_is_taken(airflow_environment):
    """Staging has no unique index on the name, so PostgreSQL says which key the load asked for."""
    airflow_environment.setenv(TABLES_TO_LOAD, json.dumps({"shipmethod": ["purchasing", "name"]}))
    tasks.extract_database_table("shipmethod", **context("other key"))
    with pytest.raises(AirflowFailException, match="no unique or exclusion constraint matching"):
        tasks.load_database_table("shipmethod", **context("other key"))


@pytest.mark.parametrize(
    ("value", "group"),
    [("True", "warehouse_init"), ("no", "warehouse"), ("FALSE", "warehouse"), ("1", "warehouse_init")],
)
def test_branch_follows_the_variable(airflow_environment, value, group):
    airflow_environment.setenv("AIRFLOW_VAR_BIKES_STORE_WAREHOUSE_INIT", value)
    assert tasks.warehouse_group() == group


def test_a_deletion_passes_once_when_a_variable_names_the_run(airflow_environment, databases):
    tasks.extract_database_table("shipmethod", **context("all"))
    tasks.load_database_table("shipmethod", **context("all"))
    with connect(databases[0]) as source, source.cursor() as cursor:
        cursor.execute("DELETE FROM purchasing.shipmethod WHERE shipmethodid = 2")
    airflow_environment.setenv("AIRFLOW_VAR_BIKES_STORE_STAGING_MAX_DELETED_ROWS", "0")
    tasks.extract_database_table("shipmethod", **context("lost"))
    with pytest.raises(AirflowFailException, match=r"deletes at most 0 rows .*\{\"lost\": \[\"shipmethod\"\]\}"):
        tasks.load_database_table("shipmethod", **context("lost"))
    airflow_environment.setenv("AIRFLOW_VAR_BIKES_STORE_STAGING_ALLOW_DELETION", '{"lost": ["shipmethod"]}')
    assert tasks.load_database_table("shipmethod", **context("lost"))["deleted"] == 1
    with connect(databases[0]) as source, source.cursor() as cursor:
        cursor.execute("DELETE FROM purchasing.shipmethod")
    tasks.extract_database_table("shipmethod", **context("next"))
    with pytest.raises(AirflowFailException, match="has lost 1 of the 1 rows"):
        tasks.load_database_table("shipmethod", **context("next"))


def test_limits_that_are_not_set_have_defaults(airflow_environment):
    """A stack of an earlier release."""
    for name in ("MAX_DELETED_ROWS", "MAX_DELETED_PERCENT", "ALLOW_DELETION"):
        airflow_environment.delenv(f"AIRFLOW_VAR_BIKES_STORE_STAGING_{name}")
    assert variables.deletion_limit(TABLES["store"], "r") == DeletionLimit(rows=100, percent=10)
