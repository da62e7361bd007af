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
from cli.database import connect, query
from cli.names import DATABASES, ROLES, password_of
from cli.paths import REPOSITORY
from cli.processes import databases
from cli.processes.postgres import psql
from tests.support.pipeline import DAY


@pytest.fixture(scope="module")
def roles(services, postgres):
    """DSNs of all roles, on databases made as the demo makes them."""

    def passwords(database):
        return {"ROLES": json.dumps(services.settings.passwords(*ROLES[database]))}

    source = postgres.create_database("roles_source")
    with connect(source) as connection, connection.cursor() as cursor:
        cursor.execute("GRANT CREATE ON SCHEMA public TO public")  # as PostgreSQL 14 makes a database
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


@pytest.fixture
def owner(services, postgres):
    """The DSN of a database whose owner is no superuser: managed PostgreSQL gives no other."""
    admin = postgres.create_database("roles_owned")
    with closing(psycopg2.connect(admin)) as connection, connection.cursor() as cursor:
        connection.autocommit = True
        cursor.execute("CREATE ROLE owner LOGIN CREATEROLE PASSWORD 'of the owner'")
        cursor.execute("ALTER DATABASE roles_owned OWNER TO owner")
        if connection.server_version >= 160000:  # what whoever makes a role gets there
            for role in ROLES["warehouse"]:
                cursor.execute(f"GRANT {role} TO owner WITH ADMIN TRUE, INHERIT FALSE, SET FALSE")
        yield psycopg2.extensions.make_dsn(admin, user="owner", password="of the owner")
        cursor.execute("ALTER DATABASE roles_owned OWNER TO CURRENT_USER")
        cursor.execute("REASSIGN OWNED BY owner TO CURRENT_USER")
        cursor.execute("DROP OWNED BY owner")
        cursor.execute("DROP ROLE owner")


def test_an_owner_who_is_no_superuser_prepares_a_warehouse(roles, services, owner):
    """The roles are there already: whoever may make roles may also set their passwords."""
    folder = REPOSITORY / "warehouse"
    passwords = {"ROLES": json.dumps(services.settings.passwords(*ROLES["warehouse"]))}
    for _ in range(2):
        psql(owner).run(folder / "staging.sql", folder / "roles.sql", environment=passwords)
    as_role = {
        role: services.settings.dsn("roles_owned", role, password_of(role))
        for role in ("staging_loader", "dbt", "reporter")
    }
    assert may(as_role["dbt"], "CREATE TABLE warehouse.made AS SELECT * FROM bikes_store_staging.currency")
    assert may(as_role["reporter"], "SELECT FROM warehouse.made")
    assert may(as_role["staging_loader"], "DELETE FROM bikes_store_staging.currency")
    assert not may(owner, "SELECT FROM warehouse.made")  # its membership has ended


def may(dsn, statement):
    try:
        with connect(dsn) as connection, connection.cursor() as cursor:
            cursor.execute(statement)
    except psycopg2.errors.InsufficientPrivilege:
        return False
    return True


def tries(dsn, statement):
    """Whether a role gets through with a statement that it may not run. No transaction: some run in none."""
    with closing(psycopg2.connect(dsn)) as connection, connection.cursor() as cursor:
        connection.autocommit = True
        try:
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


_STAGING, _BUILT = "bikes_store_staging.currency", "warehouse.built"


def _changes(table: str) -> list[str]:
    """Statements that change a table, or wait for those that do."""
    return [
        f"INSERT INTO {table} DEFAULT VALUES",
        f"UPDATE {table} SET modifieddate = now()",
        f"DELETE FROM {table}",
        f"TRUNCATE {table}",
        f"SELECT FROM {table} FOR UPDATE",
        f"BEGIN; LOCK TABLE {table}",
        *_redefines(table),
    ]


def _redefines(table: str) -> list[str]:
    return [
        f"DROP TABLE {table}",
        f"ALTER TABLE {table} ADD x int",
        f"ALTER TABLE {table} DISABLE TRIGGER ALL",
        f"ALTER TABLE {table} OWNER TO CURRENT_USER",
        f"CREATE INDEX ON {table} ((1))",
    ]


#: What no role may do: get more rights, look at the server, leave its schemas.
ANY_ROLE = [
    "CREATE ROLE another",
    "ALTER ROLE CURRENT_USER SUPERUSER",
    "ALTER ROLE CURRENT_USER CREATEROLE",
    "ALTER ROLE CURRENT_USER BYPASSRLS",
    "ALTER ROLE postgres PASSWORD 'mine'",
    "GRANT postgres TO CURRENT_USER",
    "GRANT pg_read_all_data TO CURRENT_USER",
    "SET ROLE postgres",
    "SET SESSION AUTHORIZATION postgres",
    "SELECT rolpassword FROM pg_authid",
    "SELECT pg_read_file('postgresql.conf')",
    "SELECT pg_ls_dir('.')",
    "COPY (SELECT 1) TO '/tmp/x'",
    "COPY (SELECT 1) TO PROGRAM 'id'",
    "CREATE TEMPORARY TABLE t (a text); COPY t FROM '/etc/passwd'",
    "CREATE TEMPORARY TABLE t (a text); COPY t FROM PROGRAM 'id'",
    "SELECT lo_import('/etc/passwd')",
    "ALTER SYSTEM SET log_statement = 'all'",
    "SET session_replication_role = replica",
    "SELECT pg_reload_conf()",
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'postgres'",
    "CREATE DATABASE another",
    "CREATE SCHEMA another",
    "CREATE EXTENSION file_fdw",
    "CREATE FUNCTION f() RETURNS int LANGUAGE c AS 'x'",
    "CREATE TABLE public.x (a int)",
    "CREATE FUNCTION public.f() RETURNS int LANGUAGE sql AS 'SELECT 1'",
]
FORBIDDEN = {
    "source_reader": [
        *(statement for table in TABLES.values() for statement in _changes(table.source)),
        *(f"CREATE TABLE {schema}.x (a int)" for schema in {table.schema for table in TABLES.values()}),
    ],
    "staging_loader": [
        *_redefines(_STAGING),
        f"TRUNCATE {_STAGING}",
        "CREATE TABLE bikes_store_staging.x (a int)",
        "DROP SCHEMA bikes_store_staging CASCADE",
        f"SELECT FROM {_BUILT}",
        *_changes(_BUILT),
    ],
    "dbt": [
        *_changes(_STAGING),
        "CREATE TABLE bikes_store_staging.x (a int)",
        "DROP SCHEMA bikes_store_staging CASCADE",
    ],
    "reporter": [
        f"SELECT FROM {_STAGING}",
        *_changes(_STAGING),
        *_changes(_BUILT),
        "CREATE TABLE warehouse.x (a int)",
        "DROP SCHEMA warehouse CASCADE",
        "CREATE TABLE before_first_run.mart_sales_daily (a int)",
        "DROP VIEW before_first_run.mart_sales_daily",
    ],
}


@pytest.fixture(scope="module")
def built(roles):
    """A table that dbt has built."""
    may(roles["dbt"], f"CREATE TABLE {_BUILT} (modifieddate timestamp DEFAULT now())")


@pytest.mark.parametrize("role", [role for of_database in ROLES.values() for role in of_database])
def test_no_role_does_what_it_may_not(roles, built, role):
    statements = [*ANY_ROLE, *FORBIDDEN[role]]
    assert [statement for statement in statements if tries(roles[role], statement)] == []


@pytest.mark.parametrize("role", [role for of_database in ROLES.values() for role in of_database])
def test_a_role_sees_nothing_in_a_database_of_others(roles, built, postgres, services, role):
    """The demo has one server for all, and everybody may connect to each of its databases."""
    (other,) = {"roles_source", "roles_warehouse"} - {roles[role].rpartition("/")[2]}
    tables = query(
        postgres.dsn(other), "SELECT schemaname || '.' || tablename FROM pg_tables WHERE schemaname !~ '^(pg_|inf)'"
    )
    assert len(tables) >= len(TABLES)
    dsn = services.settings.dsn(other, role, password_of(role))
    assert [table for (table,) in tables if tries(dsn, f"SELECT FROM {table}")] == []
    assert not tries(dsn, "CREATE TABLE public.x (a int)")


def test_only_airflow_connects_to_its_metadata(roles, services):
    databases.prepare_airflow(services.settings)
    name = DATABASES["airflow"]
    assert may(services.settings.dsn(name, name, "airflow_db_password"), "CREATE TABLE mine (a int); DROP TABLE mine")
    for role in roles:
        with pytest.raises(psycopg2.OperationalError, match="permission denied for database"):
            may(services.settings.dsn(name, role, password_of(role)), "SELECT 1")
