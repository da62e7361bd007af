"""Filling the source from a dump, and who may do what."""

from __future__ import annotations

import psycopg2
import pytest

from bikes_store.tables import TABLES
from demo import airflow
from demo.postgres import connect, environment_of, psql, query
from demo.settings import REPOSITORY
from source.fill import FillError, fill, restore

SCHEMA = (REPOSITORY / "source" / "bikes_store" / "schema.sql").read_text()


@pytest.fixture
def empty(postgres):
    return postgres.create_database("test_dump")


def dump(tmp_path, text):
    path = tmp_path / "dump of a server.sql"
    path.write_text(text)
    return path


def test_dump_with_roles_settings_and_extensions_of_its_own_server(empty, tmp_path):
    """What pg_dump of a newer release, with an owner unknown here, says around the tables."""
    restore(
        environment_of(empty),
        dump(
            tmp_path,
            "SET transaction_timeout_of_a_newer_release = 0;\n"
            "CREATE SCHEMA public;\n"
            'CREATE EXTENSION IF NOT EXISTS "no-such-extension" WITH SCHEMA public;\n'
            "COMMENT ON EXTENSION \"no-such-extension\" IS 'x';\n"
            f"{SCHEMA}\n"
            "ALTER TABLE sales.customer OWNER TO somebody_else;\n"
            "GRANT SELECT ON sales.customer TO somebody_else;\n"
            "COPY sales.salesreason (salesreasonid, name, reasontype) FROM stdin;\n1\tPrice\tOther\n\\.\n",
        ),
    )
    assert query(empty, "SELECT name FROM sales.salesreason") == [("Price",)]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("SELECT 1;", "does not make the tables that are extracted: person.person, "),
        ("this is no SQL;", r"can't be loaded \(1 errors\). line 1: syntax error"),
        (f"{SCHEMA}\nINSERT INTO sales.store (name) VALUES ('x');", "line .*: null value in column"),
        ("PGDMP\x01\x0e", r"is an archive of pg_dump, not SQL: turn it into SQL with `pg_restore"),
    ],
)
def test_dump_that_is_none_is_refused_in_a_sentence(empty, tmp_path, text, says):
    with pytest.raises(FillError, match=says):
        restore(environment_of(empty), dump(tmp_path, text))


def test_missing_file_is_refused(empty, tmp_path):
    with pytest.raises(FillError, match="is not a file"):
        restore(environment_of(empty), tmp_path / "none.sql")


def test_a_fill_that_was_cut_off_starts_again_and_one_that_is_done_stays(services, empty, tmp_path):
    reader = airflow.role_variables(services.settings)
    rows = "COPY sales.salesreason (salesreasonid, name, reasontype) FROM stdin;\n1\tPrice\tOther\n\\.\n"
    with pytest.raises(FillError, match="can't be loaded"):
        fill(environment_of(empty), 1, dump(tmp_path, f"{SCHEMA}\n{rows}\nno SQL;"), reader)
    assert fill(environment_of(empty), 1, dump(tmp_path, f"{SCHEMA}\n{rows}"), reader)
    psql(empty, statement="UPDATE sales.salesreason SET name = 'Review'")
    assert not fill(environment_of(empty), 1, dump(tmp_path, "no SQL;"), reader)
    assert query(empty, "SELECT name FROM sales.salesreason") == [("Review",)]


def test_tables_of_somebody_else_are_left_alone(empty):
    psql(empty, statement="CREATE SCHEMA sales; CREATE TABLE sales.theirs (a int)")
    with pytest.raises(FillError, match="give an empty one"):
        fill(environment_of(empty), 1, None, {})
    assert query(empty, "SELECT count(*) FROM sales.theirs") == [(0,)]


@pytest.fixture(scope="module")
def roles(services, postgres):
    """DSNs of the three roles, on databases made as the demo makes them."""
    variables = airflow.role_variables(services.settings)
    source = postgres.create_database("roles_source")
    psql(source, REPOSITORY / "source" / "bikes_store" / "schema.sql")
    psql(source, REPOSITORY / "source" / "roles.sql", environment=variables)
    warehouse = postgres.create_database("roles_warehouse")
    for _ in range(2):  # running them again changes nothing
        files = [REPOSITORY / "warehouse" / name for name in ("staging.sql", "roles.sql")]
        psql(warehouse, *files, environment=variables)

    def dsn(database, role):
        return services.settings.dsn(database, variables[f"{role}_USER"], f"{role.lower()}_password")

    return {
        "SOURCE": dsn("roles_source", "SOURCE"),
        "STAGING": dsn("roles_warehouse", "STAGING"),
        "DBT": dsn("roles_warehouse", "DBT"),
        "REPORTER": dsn("roles_warehouse", "REPORTER"),
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
        assert may(roles["SOURCE"], f"SELECT FROM {table.source}")
        assert not may(roles["SOURCE"], f"DELETE FROM {table.source}")
    assert not may(roles["SOURCE"], "CREATE TABLE sales.x (a int)")


def test_loader_writes_staging_and_nothing_else(roles):
    assert may(roles["STAGING"], "DELETE FROM bikes_store_staging.currency")
    assert may(roles["STAGING"], "CREATE TEMPORARY TABLE x (a int)")
    assert not may(roles["STAGING"], "DROP TABLE bikes_store_staging.currency")
    assert not may(roles["STAGING"], "CREATE TABLE bikes_store_staging.x (a int)")
    assert not may(roles["STAGING"], "CREATE TABLE public.x (a int)")
    assert not may(roles["STAGING"], "CREATE TABLE warehouse.x (a int)")


def test_dbt_reads_staging_and_owns_the_warehouse(roles):
    assert may(roles["DBT"], "SELECT FROM bikes_store_staging.currency")
    assert may(roles["DBT"], "CREATE TABLE warehouse.x (a int); DROP TABLE warehouse.x")
    assert not may(roles["DBT"], "DELETE FROM bikes_store_staging.currency")
    assert not may(roles["DBT"], "CREATE TABLE bikes_store_staging.x (a int)")


def test_reporter_reads_what_dbt_builds_and_nothing_else(roles):
    may(roles["DBT"], "CREATE TABLE warehouse.mart (a int)")
    assert may(roles["REPORTER"], "SELECT FROM warehouse.mart")
    assert not may(roles["REPORTER"], "DELETE FROM warehouse.mart")
    assert not may(roles["REPORTER"], "SELECT FROM bikes_store_staging.currency")
    assert not may(roles["REPORTER"], "CREATE TABLE warehouse.x (a int)")
