"""Who may do what in the source and in the warehouse."""

from __future__ import annotations

import json
from contextlib import closing
from datetime import datetime, timezone
from uuid import UUID

import psycopg2
import pytest

from bikes_store.lake import Manifest, write_object
from bikes_store.load import load_table
from bikes_store.tables import TABLES
from cli.database import connect
from cli.names import ROLES, password_of
from cli.paths import REPOSITORY
from cli.processes.postgres import psql
from tests.support.pipeline import DAY


@pytest.fixture(scope="module")
def roles(services, postgres):
    """DSNs of all roles, on databases made as the demo makes them."""

    def passwords(database):
        return {"ROLES": json.dumps(services.settings.passwords(*ROLES[database]))}

    source = postgres.create_database("roles_source")
    folder = REPOSITORY / "source"
    psql(source).run(folder / "bikes_store" / "schema.sql", folder / "roles.sql", environment=passwords("source"))
    warehouse = postgres.create_database("roles_warehouse")
    folder = REPOSITORY / "warehouse"
    for _ in range(2):  # running them again changes nothing
        psql(warehouse).run(folder / "staging.sql", folder / "roles.sql", environment=passwords("warehouse"))
    return {
        role: services.settings.dsn(f"roles_{database}", role, password_of(role))
        for database in ("source", "warehouse")
        for role in ROLES[database]
    }


def may(dsn, statement):
    try:
        with connect(dsn) as connection, connection.cursor() as cursor:
            cursor.execute(statement)
    except psycopg2.errors.InsufficientPrivilege:
        return False
    return True


def test_reader_reads_every_table_of_the_source_and_writes_none(roles):
    for table in TABLES.values():
        assert may(roles["source_reader"], f"SELECT FROM {table.source}")
        assert not may(roles["source_reader"], f"DELETE FROM {table.source}")
    assert not may(roles["source_reader"], "CREATE TABLE sales.x (a int)")


def test_loader_writes_staging_and_nothing_else(roles):
    assert may(roles["staging_loader"], "DELETE FROM bikes_store_staging.currency")
    assert may(roles["staging_loader"], "CREATE TEMPORARY TABLE x (a int)")
    assert not may(roles["staging_loader"], "DROP TABLE bikes_store_staging.currency")
    assert not may(roles["staging_loader"], "CREATE TABLE bikes_store_staging.x (a int)")
    assert not may(roles["staging_loader"], "CREATE TABLE public.x (a int)")
    assert not may(roles["staging_loader"], "CREATE TABLE warehouse.x (a int)")


def test_loader_adds_to_the_load_log_and_changes_nothing_in_it(roles):
    row = "(table_name, run_id, extracted_at, rows, written, deleted) VALUES ('currency', 'r', now(), 1, 1, 0)"
    assert may(roles["staging_loader"], f"INSERT INTO bikes_store_staging.load_log {row}")
    assert may(roles["staging_loader"], "SELECT FROM bikes_store_staging.load_log")
    assert not may(roles["staging_loader"], "DELETE FROM bikes_store_staging.load_log")
    assert not may(roles["staging_loader"], "UPDATE bikes_store_staging.load_log SET rows = 0")
    assert may(roles["dbt"], "SELECT FROM bikes_store_staging.load_log")
    assert not may(roles["dbt"], f"INSERT INTO bikes_store_staging.load_log {row}")


def test_loader_has_all_that_a_load_needs(roles, s3):
    """A load as the role that does it: its statistics and its note too."""
    row = {"shipmethodid": "1", "name": "POST", "shipbase": "1", "shiprate": "1", "rowguid": f"{UUID(int=0)}"}
    row["modifieddate"] = "2024-09-01"
    manifest = Manifest("purchasing.shipmethod", "roles", "full", tuple(row), 1, datetime.now(timezone.utc))
    with write_object(s3, manifest) as stream:
        stream.write(f"{','.join(row)}\n{','.join(row.values())}\n".encode())
    with closing(psycopg2.connect(roles["staging_loader"])) as staging:
        for written in (1, 0):
            assert load_table(staging, s3, TABLES["shipmethod"], "roles", DAY).written == written


def test_loader_renews_statistics_of_staging_and_of_nothing_else(roles):
    analyze = "SELECT bikes_store_staging.analyze_table('{}')"
    assert may(roles["staging_loader"], analyze.format("currency"))
    assert not may(roles["dbt"], analyze.format("currency"))
    assert not may(roles["reporter"], analyze.format("currency"))
    for name in ("pg_class", "warehouse.mart", "currency; DROP TABLE bikes_store_staging.currency", "nothing"):
        with pytest.raises(psycopg2.errors.UndefinedTable):
            may(roles["staging_loader"], analyze.format(name))


def test_dbt_reads_staging_and_owns_the_warehouse(roles):
    assert may(roles["dbt"], "SELECT FROM bikes_store_staging.currency")
    assert may(roles["dbt"], "CREATE TABLE warehouse.x (a int); DROP TABLE warehouse.x")
    assert not may(roles["dbt"], "DELETE FROM bikes_store_staging.currency")
    assert not may(roles["dbt"], "CREATE TABLE bikes_store_staging.x (a int)")


def test_reporter_reads_what_dbt_builds_and_nothing_else(roles):
    may(roles["dbt"], "CREATE TABLE warehouse.mart (a int)")
    assert may(roles["reporter"], "SELECT FROM warehouse.mart")
    assert not may(roles["reporter"], "DELETE FROM warehouse.mart")
    assert not may(roles["reporter"], "SELECT FROM bikes_store_staging.currency")
    assert not may(roles["reporter"], "CREATE TABLE warehouse.x (a int)")
