"""The table of bad input: what is wrong, how it is given, what the platform says to it.

A case prepares the world, and then something runs. What it says is one sentence: what is wrong, where, what to do.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import bench.__main__ as bench
import cli.containers.__main__ as containers
import cli.processes.__main__ as processes
import cli.run as run
import source.fill as fill
from bikes_store.airflow_glue import connections
from tests.bad_input.world import BUCKET, World

AT_ONCE, LATER, TAKEN = "the task fails at once", "the task is tried again", "the task succeeds and warns"


@dataclass(frozen=True)
class Case:
    """One line of the table.

    ``outcome`` is one of the three above, or the exit code of a command.
    """

    what: str
    says: str
    given: Callable[[World], object]
    then: Callable[[World], object]
    outcome: str | int = AT_ONCE


def nothing(_: World) -> None:
    """Nothing is prepared."""


# ----------------------------------------------------------------------------------------------------------------------
# Answers of the currency API
# ----------------------------------------------------------------------------------------------------------------------

EURO = {"code": "EUR", "name": "Euro"}


def answer(what: str, body: Any, says: str, status: int = 200, outcome: str = AT_ONCE, **headers: str) -> Case:
    return Case(
        f"API: {what}",
        says,
        lambda world: world.answer(body, status, **headers),
        lambda world: world.currencies(),
        outcome,
    )


CURRENCIES = [
    answer("HTML", b"<html>busy</html>", "answered with something that is not JSON: “<html>busy</html>”"),
    answer("nothing", b"", "not JSON: an empty answer"),
    answer("JSON that is cut", b'[{"code": "EUR", "na', "not JSON: “[{"),
    answer("UTF-16", json.dumps([EURO]).encode("utf-32"), "not JSON"),
    answer("latin-1", '[{"code": "XXX", "name": "Bolívar"}]'.encode("latin-1"), "not JSON"),
    answer("wrong content encoding", b"[]", "not packed as its header Content-Encoding says", Content_Encoding="gzip"),
    answer("NaN, which is no JSON", b'[{"code": "EUR", "name": NaN}]', "no name that is text at position 0"),
    answer("an object", {"data": [EURO]}, "an object where an array is expected: “{"),
    answer("a number", 42, "a single value where an array is expected"),
    answer("null", None, "a single value where an array is expected"),
    answer("an empty list", [], "an empty array; loading it would drop every currency"),
    answer("texts", ["EUR"], "at position 0, where an object is expected"),
    answer("null among objects", [EURO, None], "“null” at position 1, where an object is expected"),
    answer("lists in lists", [[EURO]], "at position 0, where an object is expected"),
    answer("nested very deeply", b"[" * 100_000, "not JSON"),
    answer("other keys", [{"iso": "EUR", "title": "Euro"}], "gives no currencycode in any of its 1 objects"),
    answer("no names", [{"code": "EUR"}], "gives no name in any of its 1 objects"),
    answer("one object without code", [EURO, {"name": "Dollar"}], "no currencycode that is text at position 1"),
    answer("code null", [{"code": None, "name": "Euro"}], "no currencycode that is text at position 0"),
    answer("code a number", [{"code": 978, "name": "Euro"}], "no currencycode that is text at position 0"),
    answer("code too long", [{"code": "EURO", "name": "Euro"}], "the code 'EURO'; a code has three characters"),
    answer("code with a space", [{"code": "E R", "name": "Euro"}], "the code 'E R'"),
    answer("code empty", [{"code": "", "name": "Euro"}], "the code ''; a code has three characters"),
    answer("code twice", [EURO, {"code": "EUR", "name": "B"}], "the code EUR more than once"),
    answer("code by two names", [{**EURO, "currencycode": "USD"}], "both code and currencycode at position 0"),
    answer("name an object", [{"code": "EUR", "name": {"en": "Euro"}}], "no name that is text at position 0"),
    answer(
        "name with NUL",
        [{"code": "EUR", "name": "Eu\0ro"}],
        "gives the name 'Eu\\x00ro' at position 0, with a character that no database",
    ),
    answer(
        "name with half a surrogate",
        b'[{"code": "EUR", "name": "\\ud800"}]',
        "gives the name '\\ud800' at position 0, with a character that no database",
    ),
    answer("date that is none", [{**EURO, "modifieddate": "soon"}], "the modifieddate 'soon' at position 0"),
    answer("20 MB of text", b"x" * 20_000_000, "not JSON: “xxx"),
    answer("more than 20 MB", b"[" + b" " * 21_000_000 + b"]", "more than 20 MB"),
    answer("HTTP 404", b"nothing here", "answered HTTP 404 Not Found: “nothing here”", 404),
    answer("HTTP 401", b"", "answered HTTP 401 Unauthorized: an empty answer", 401),
    answer("HTTP 204", b"", "not JSON: an empty answer", 204),
    answer("HTTP 429", b"slow down", "answered HTTP 429 Too Many Requests: “slow down”", 429, LATER),
    answer("HTTP 500", b"oops", "answered HTTP 500 Internal Server Error: “oops”", 500, LATER),
    answer("a redirect without end", b"", "Exceeded 30 redirects", 302, LATER, Location="/"),
    answer(
        "a redirect to something else",
        b"",
        "redirects to something that is not on the web",
        302,
        Location="ftp://nowhere/",
    ),
]

# ----------------------------------------------------------------------------------------------------------------------
# Objects of the lake
# ----------------------------------------------------------------------------------------------------------------------

DETAIL = "salesorderdetail"
FOREIGN = "was not written by an extract task: its metadata lacks"


def spoilt(what: str, says: str, body: Callable[[bytes], bytes] = lambda body: body, **metadata: str | None) -> Case:
    def given(world: World) -> None:
        world.extract(DETAIL)
        world.spoil(DETAIL, body, **metadata)

    return Case(f"object: {what}", says, given, lambda world: world.load(DETAIL))


def put_foreign(world: World) -> None:
    key = f"sales.{DETAIL}/{world.run_id}.csv"
    world.s3.put_object(Bucket=BUCKET, Key=key, Body=b"a,b\n1,2\n")


def extract_other_interval(world: World) -> None:
    world.incremental()
    world.extract(DETAIL)
    world.spoil(DETAIL, window="2024-08-31T00:00:00/2024-09-01T00:00:00")


def extract_then_newer(world: World) -> None:
    """Another run has read the source later, and was loaded."""
    world.extract(DETAIL)
    old, world.run_id = world.run_id, f"{world.run_id}-newer"
    world.extract(DETAIL)
    world.load(DETAIL)
    world.run_id = old


def without_bucket(world: World) -> None:
    world.patch.setattr("bikes_store.lake.BUCKET", "no-such-bucket")


NO_BUCKET = "Bucket no-such-bucket does not exist in the lake: create it first"
COUNT = "rows, but was written with 3: extract it again"
OBJECTS = [
    Case(
        "object: missing", "does not exist: run the extract task of this run first", nothing, lambda w: w.load(DETAIL)
    ),
    Case("object: foreign", FOREIGN, put_foreign, lambda w: w.load(DETAIL)),
    Case("object: another day's", "but this run covers 2024-09-01", extract_other_interval, lambda w: w.load(DETAIL)),
    Case("object: old", "already holds what run", extract_then_newer, lambda w: w.load(DETAIL)),
    Case("object: no bucket to write to", NO_BUCKET, without_bucket, lambda w: w.extract(DETAIL)),
    Case("object: no bucket to read from", NO_BUCKET, without_bucket, lambda w: w.load(DETAIL)),
    spoilt("last row cut off", COUNT, lambda body: body[: body.rindex(b"\n", 0, -1) + 1]),
    spoilt("cut within a row", f"staging.{DETAIL} does not take what the lake holds: ", lambda body: body[:-30]),
    spoilt("header only", COUNT, lambda body: body[: body.index(b"\n") + 1]),
    spoilt("empty", COUNT, lambda body: b""),
    spoilt("a row too many", "holds 4 rows, but", lambda body: body + body.split(b"\n")[1] + b"\n"),
    spoilt("a row twice", "more than once", lambda body: body + body.split(b"\n")[1] + b"\n", rows="4"),
    spoilt("another run's", "belongs to sales.salesorderdetail of run another, not to this run", run_id="another"),
    spoilt("another table's", "belongs to sales.store of run", source="sales.store"),
    spoilt("a column less in its metadata", "staging expects salesorderid", columns="salesorderid"),
    spoilt("an extra column in its metadata", "staging expects salesorderid", columns="salesorderid,extra"),
    spoilt("an extra column", "extra data after last expected column", lambda body: body.replace(b"\n", b",1\n")),
    spoilt("a column less", "missing data for column", lambda body: b"\n".join(r[:-20] for r in body.split(b"\n"))),
    spoilt("rows that are no number", FOREIGN, rows="three"),
    spoilt("rows that are missing", FOREIGN, rows=None),
    spoilt("a time that is none", FOREIGN, extracted_at="today"),
    spoilt("a window that is none", FOREIGN, window="some"),
    spoilt("UTF-16", "invalid byte sequence for encoding", lambda body: body.decode().encode("utf-16")),
    spoilt("latin-1", "invalid byte sequence for encoding", lambda body: body.replace(b",7,", b",\xfc,")),
    spoilt("packed with gzip", "does not take what the lake holds", gzip.compress),
    spoilt("a quote that is not closed", "unterminated CSV quoted field", lambda body: body[:-1] + b',"'),
]

# ----------------------------------------------------------------------------------------------------------------------
# The source's contract
# ----------------------------------------------------------------------------------------------------------------------

CUSTOMER, PRODUCT = "sales.customer", "production.product"
ADVICE = "change the source back, or dags/bikes_store/tables.py and warehouse/staging.sql"


def drift(what: str, says: str, *statements: str, table: str = CUSTOMER, outcome: str = AT_ONCE) -> Case:
    """The extract refuses, or takes all rows and warns."""
    name = table.split(".")[1]

    def takes(world: World) -> None:
        world.extract(name)
        if outcome == TAKEN:
            world.load(name)
            assert world.pipeline.staging_rows(name) == world.pipeline.source_rows(name)

    return Case(f"source: {what}", says, lambda world: world.source(*statements), takes, outcome)


def drift_at_load(what: str, says: str, *statements: str, table: str = PRODUCT) -> Case:
    """The values do not fit, so the load refuses."""
    name = table.split(".")[1]

    def given(world: World) -> None:
        world.source(*statements)
        world.extract(name)

    return Case(f"source: {what}", says, given, lambda world: world.load(name))


# A customer without what refers to it, so that it can be made again in another form.
AGAIN = f"""
ALTER TABLE sales.salesorderheader DROP CONSTRAINT "FK_SalesOrderHeader_Customer_CustomerID";
ALTER TABLE {CUSTOMER} RENAME TO kept
"""


def read_as_plain_role(world: World) -> None:
    world.source(
        "DROP ROLE IF EXISTS bad_input_reader",
        "CREATE ROLE bad_input_reader LOGIN PASSWORD 'reader'",
    )
    world.connection(connections.SOURCE, None, login="bad_input_reader", password="reader")


DRIFT = [
    drift(
        "column added",
        "has columns that are not in the catalogue and stay behind: ['vip']",
        f"ALTER TABLE {CUSTOMER} ADD vip boolean DEFAULT true",
        outcome=TAKEN,
    ),
    drift("column dropped", 'column "personid" does not exist', f"ALTER TABLE {CUSTOMER} DROP personid"),
    drift("column renamed", ADVICE, f"ALTER TABLE {CUSTOMER} RENAME personid TO person_id"),
    drift(
        "table dropped",
        'relation "sales.shoppingcartitem" does not exist',
        "DROP TABLE sales.shoppingcartitem",
        table="sales.shoppingcartitem",
    ),
    drift("table renamed", 'relation "sales.customer" does not exist', f"ALTER TABLE {CUSTOMER} RENAME TO customers"),
    drift("table moved", ADVICE, f"ALTER TABLE {CUSTOMER} SET SCHEMA public"),
    drift("schema gone", 'relation "sales.customer" does not exist', "ALTER SCHEMA sales RENAME TO shop"),
    drift("all of it gone", 'relation "sales.customer" does not exist', "DROP SCHEMA sales CASCADE"),
    drift_at_load(
        "money",
        "listprice is of type money, and of type numeric in the staging area, where not every value fits",
        f'ALTER TABLE {PRODUCT} DROP CONSTRAINT "CK_Product_ListPrice"',
        f"ALTER TABLE {PRODUCT} ALTER listprice TYPE money",
    ),
    drift_at_load(
        "retyped to text",
        'numeric: "dear"',
        f'ALTER TABLE {PRODUCT} DROP CONSTRAINT "CK_Product_ListPrice"',
        f"ALTER TABLE {PRODUCT} ALTER listprice TYPE text USING 'dear'",
    ),
    drift_at_load(
        "retyped to a wider text",
        "'very large' would become 'very '; change the source back",
        f"ALTER TABLE {PRODUCT} ALTER size TYPE text USING 'very large'",
    ),
    drift_at_load(
        "retyped to bigint",
        "out of range",
        f"ALTER TABLE {PRODUCT} ALTER daystomanufacture TYPE bigint USING 3000000000",
    ),
    drift_at_load(
        "retyped to boolean",
        'integer: "t"',
        f'ALTER TABLE {PRODUCT} DROP CONSTRAINT "CK_Product_DaysToManufacture"',
        f"ALTER TABLE {PRODUCT} ALTER daystomanufacture TYPE boolean USING true",
    ),
    drift_at_load(
        "null where none was",
        'null value in column "name"',
        f"ALTER TABLE {PRODUCT} ALTER name DROP NOT NULL",
        f"UPDATE {PRODUCT} SET name = NULL",
    ),
    drift_at_load(
        "key twice",
        "more than once",
        f'ALTER TABLE {PRODUCT} DROP CONSTRAINT "PK_Product_ProductID" CASCADE',
        f"INSERT INTO {PRODUCT} SELECT * FROM {PRODUCT}",
    ),
    drift(
        "generated",
        "",
        f"ALTER TABLE {CUSTOMER} DROP personid",
        f"ALTER TABLE {CUSTOMER} ADD personid integer GENERATED ALWAYS AS (customerid + 1) STORED",
        outcome=TAKEN,
    ),
    drift(
        "partitioned",
        "",
        AGAIN,
        f"CREATE TABLE {CUSTOMER} (LIKE sales.kept) PARTITION BY HASH (customerid)",
        f"CREATE TABLE sales.part PARTITION OF {CUSTOMER} FOR VALUES WITH (MODULUS 1, REMAINDER 0)",
        f"INSERT INTO {CUSTOMER} SELECT * FROM sales.kept",
        outcome=TAKEN,
    ),
    drift(
        "a view in place of a table",
        "sales.customer is a view",
        AGAIN,
        f"CREATE VIEW {CUSTOMER} AS SELECT * FROM sales.kept",
        outcome=TAKEN,
    ),
    drift(
        "a foreign table in place of a table",
        "sales.customer is a foreign table",
        AGAIN,
        "CREATE EXTENSION file_fdw; CREATE SERVER files FOREIGN DATA WRAPPER file_fdw",
        f"CREATE FOREIGN TABLE {CUSTOMER} (customerid integer, personid integer, storeid integer, territoryid integer,"
        " rowguid uuid, modifieddate timestamp) SERVER files OPTIONS (program"
        " 'echo 10,2,,1,6f0b0a7e-6f0b-4a7e-8f0b-6f0b0a7e6f0b,2024-09-01', format 'csv')",
        outcome=TAKEN,
    ),
    Case(
        "source: no privilege",
        "does not let the role bad_input_reader read every row of sales.customer"
        " (permission denied for schema sales): grant it",
        read_as_plain_role,
        lambda world: world.extract("customer"),
    ),
]

# ----------------------------------------------------------------------------------------------------------------------
# Airflow's variables and connections
# ----------------------------------------------------------------------------------------------------------------------


def variable(
    what: str,
    value: str | None,
    says: str,
    then: Callable[[World], object] = lambda world: world.extract("shipmethod"),
    is_incremental: bool = False,
) -> Case:
    name = what.split()[0]

    def given(world: World) -> None:
        if is_incremental:
            world.incremental()
        world.variable(NAMES[name], value)

    return Case(f"variable {what}", says, given, then)


NAMES = {
    "mode": "BIKES_STORE_STAGING_INCREMENTAL_MODE",
    "tables": "BIKES_STORE_STAGING__TABLE_TO_EXTRACT_AND_LOAD",
    "url": "BIKES_STORE_API_URL",
    "overlap": "BIKES_STORE_STAGING_OVERLAP_HOURS",
    "deletions": "BIKES_STORE_STAGING_DELETIONS_EVERY_DAYS",
    "zone": "BIKES_STORE_SOURCE_TIMEZONE",
    "rows": "BIKES_STORE_STAGING_MAX_DELETED_ROWS",
    "percent": "BIKES_STORE_STAGING_MAX_DELETED_PERCENT",
    "allow": "BIKES_STORE_STAGING_ALLOW_DELETION",
    "statement": "BIKES_STORE_STATEMENT_TIMEOUT",
    "lock": "BIKES_STORE_LOCK_TIMEOUT",
    "init": "BIKES_STORE_WAREHOUSE_INIT",
}


def build(_: World) -> object:
    from bikes_store.airflow_glue import tasks

    return tasks.warehouse_group()


def load(world: World) -> object:
    return world.load("store")


def currencies(world: World) -> object:
    return world.currencies()


NOT_A_URL = "which is not an http or https URL"
TABLES_IS = "BIKES_STORE_STAGING__table_to_extract_and_load"
VARIABLES = [
    variable("mode a word", "daily", "INCREMENTAL_MODE must be true or false, not 'daily'"),
    variable("mode empty", "", "INCREMENTAL_MODE must be true or false, not ''"),
    variable("mode not set", None, "INCREMENTAL_MODE is not set: import airflow/airflow_variables_init.json"),
    variable("init a word", "perhaps", "WAREHOUSE_INIT must be true or false, not 'perhaps'", build),
    variable("init not set", None, "WAREHOUSE_INIT is not set: import", build),
    variable("url empty", "", NOT_A_URL, currencies),
    variable("url without scheme", "api/currencies", NOT_A_URL, currencies),
    variable("url of another scheme", "ftp://host/x", NOT_A_URL, currencies),
    variable("url without host", "http://", NOT_A_URL, currencies),
    variable("url with a port that is none", "http://host:port/", NOT_A_URL, currencies),
    variable("url not set", None, "BIKES_STORE_API_URL is not set: import", currencies),
    variable("tables not JSON", "{", f"{TABLES_IS} is not JSON"),
    variable("tables empty", "", f"{TABLES_IS} is not JSON"),
    variable("tables a list", "[]", f"{TABLES_IS} must be a JSON object of table: [schema, key], not an array"),
    variable("tables null", "null", f"{TABLES_IS} must be a JSON object of table: [schema, key], not null"),
    variable("tables a text", '"x"', "not a string"),
    variable(
        "tables with an unknown table", '{"invoice": ["sales", "id"]}', "'invoice', which is not in the catalogue"
    ),
    variable("tables with a schema alone", '{"store": "sales"}', "must give 'store' as [schema, key"),
    variable("tables without key", '{"store": ["sales"]}', "must give 'store' as [schema, key"),
    variable("tables in another schema", '{"store": ["person", "name"]}', "in schema 'person'; it is in 'sales'"),
    variable("tables with an unknown column", '{"store": ["sales", "storeid"]}', "the key column 'storeid'"),
    variable("tables with an empty key", '{"store": ["sales", []]}', "must give 'store' a key"),
    variable("tables with a number as key", '{"store": ["sales", [1]]}', "must give 'store' a key"),
    variable("overlap negative", "-1", "OVERLAP_HOURS must be a number of hours from 0", is_incremental=True),
    variable("overlap a word", "soon", "OVERLAP_HOURS must be a number of hours from 0", is_incremental=True),
    variable("overlap NaN", "nan", "OVERLAP_HOURS must be a number of hours from 0", is_incremental=True),
    variable("overlap a century", "1000000", "OVERLAP_HOURS must be a number of hours from 0", is_incremental=True),
    variable("overlap empty", "", "OVERLAP_HOURS must be a number of hours from 0", is_incremental=True),
    variable(
        "deletions half a day",
        "0.5",
        "must be a whole number of days from 0 to 366, such as 1, not '0.5'",
        is_incremental=True,
    ),
    variable("deletions a word", "weekly", "must be a whole number of days from 0 to 366", is_incremental=True),
    variable("deletions negative", "-1", "must be a whole number of days from 0 to 366", is_incremental=True),
    variable("zone unknown", "Mars/Olympus", "does not know the time zone 'Mars/Olympus'", is_incremental=True),
    variable("zone an offset", "UTC+9", "is an offset; write it as a name, like Asia/Tokyo", is_incremental=True),
    variable("statement timeout a word", "long", "STATEMENT_TIMEOUT must be a whole number of seconds from 1"),
    variable("lock timeout negative", "-1", "LOCK_TIMEOUT must be a whole number of seconds from 1"),
    variable(
        "rows a word", "many", "must be a whole number of rows from 0 to 1,000,000,000, such as 100, not 'many'", load
    ),
    variable("rows negative", "-1", "MAX_DELETED_ROWS must be a whole number of rows", load),
    variable("rows empty", "", "MAX_DELETED_ROWS must be a whole number of rows", load),
    variable(
        "percent a word", "ten", "MAX_DELETED_PERCENT must be a number of percent from 0 to 100, such as 10", load
    ),
    variable("percent above 100", "101", "MAX_DELETED_PERCENT must be a number of percent from 0 to 100", load),
    variable("percent with its sign", "10 %", "MAX_DELETED_PERCENT must be a number of percent from 0 to 100", load),
    variable("allow not JSON", "all", "ALLOW_DELETION is not JSON", load),
    variable("allow a list", "[]", "must be a JSON object of run id: [table, …], not []", load),
    variable("allow a text", '{"r": "store"}', "must be a JSON object of run id: [table, …]", load),
    variable("allow an unknown table", '{"r": ["stor"]}', "lists 'stor', which is no table of", load),
]

EXTRACTS, LOADS = (lambda world: world.extract("shipmethod")), (lambda world: world.load("shipmethod"))


def connection(
    what: str, says: str, name: str, then: Callable[[World], object], outcome: str = AT_ONCE, **changes: Any
) -> Case:
    """A connection that is changed, or taken away."""
    return Case(f"connection: {what}", says, lambda world: world.connection(name, None, **changes), then, outcome)


NOWHERE = json.dumps({"endpoint_url": "http://127.0.0.1:9", "config_kwargs": {"retries": {"max_attempts": 0}}})
UNREACHABLE = "The database of Airflow's connection bikes-store-db can't be used: "
CONNECTIONS = [
    connection(
        "source missing",
        "no connection bikes-store-db: import airflow/airflow_connections_init.yaml",
        connections.SOURCE,
        EXTRACTS,
    ),
    connection("staging missing", "no connection staging: import", connections.STAGING, LOADS),
    connection("lake missing", "no connection s3-conn: import", connections.LAKE, EXTRACTS),
    connection("wrong password", f"{UNREACHABLE}", connections.SOURCE, EXTRACTS, LATER, password="wrong"),
    connection("wrong role", f"{UNREACHABLE}", connections.SOURCE, EXTRACTS, LATER, login="nobody"),
    connection(
        "wrong database", 'database "nowhere" does not exist', connections.SOURCE, EXTRACTS, LATER, schema="nowhere"
    ),
    connection("wrong host", "could not translate host name", connections.SOURCE, EXTRACTS, LATER, host="no.invalid"),
    connection("wrong port", "Connection refused", connections.SOURCE, EXTRACTS, LATER, port=9),
    connection("warehouse wrong port", "connection staging can't be used", connections.STAGING, LOADS, LATER, port=9),
    connection(
        "not of PostgreSQL", "is of type http; it must be postgres", connections.SOURCE, EXTRACTS, conn_type="http"
    ),
    connection(
        "lake of another type", "is of type postgres; it must be aws", connections.LAKE, EXTRACTS, conn_type="postgres"
    ),
    connection(
        "lake without keys", "Unable to locate credentials", connections.LAKE, EXTRACTS, LATER, login="", password=""
    ),
    connection("lake with a wrong key", "The lake refused s3://", connections.LAKE, EXTRACTS, LATER, password="wrong"),
    connection(
        "lake at a wrong address",
        "The lake can't be used for s3://",
        connections.LAKE,
        EXTRACTS,
        LATER,
        extra=NOWHERE,
    ),
    connection(
        "lake at a wrong address, for the load",
        "can't be used for s3://",
        connections.LAKE,
        LOADS,
        LATER,
        extra=NOWHERE,
    ),
    connection(
        "lake at an address that is none",
        "connection s3-conn",
        connections.LAKE,
        EXTRACTS,
        extra=json.dumps({"endpoint_url": "somewhere"}),
    ),
]

# ----------------------------------------------------------------------------------------------------------------------
# make's variables
# ----------------------------------------------------------------------------------------------------------------------


def make(what: str, says: str, main: Callable[[], int], *arguments: str, code: int = 1, **environment: str) -> Case:
    return Case(f"make {what}", says, nothing, lambda world: world.command(main, *arguments, **environment), code)


UP = (processes.main, "up")
SCALE = "must be a whole number from 1 to 1000"
MAKE = [
    make("demo SCALE=ten", f"SCALE=ten {SCALE}", *UP, SCALE="ten"),
    make("demo SCALE=0", f"SCALE=0 {SCALE}", *UP, SCALE="0"),
    make("demo SCALE=-1", f"SCALE=-1 {SCALE}", *UP, SCALE="-1"),
    make("demo SCALE=1.5", f"SCALE=1.5 {SCALE}", *UP, SCALE="1.5"),
    make("demo SCALE=1001", f"SCALE=1001 {SCALE}", *UP, SCALE="1001"),
    make("up SCALE=ten", f"SCALE=ten {SCALE}", containers.main, "up", SCALE="ten"),
    make("demo SOURCE_SQL of no file", "SOURCE_SQL=nowhere.sql is not a file", *UP, SOURCE_SQL="nowhere.sql"),
    make("demo SOURCE_SQL of a folder", "SOURCE_SQL=dags is not a file", *UP, SOURCE_SQL="dags"),
    make("up SOURCE_SQL of no file", "SOURCE_SQL=nowhere.sql is not", containers.main, "up", SOURCE_SQL="nowhere.sql"),
    make("demo EXIT=maybe", "EXIT=maybe must be 1 or 0", *UP, EXIT="maybe"),
    make("demo OPENLINEAGE=ftp://h", "OPENLINEAGE=ftp://h is no address: begin it", *UP, OPENLINEAGE="ftp://h"),
    make("demo OPENLINEAGE=no/a", "OPENLINEAGE=no/a must be an http(s) address", *UP, OPENLINEAGE="no/a"),
    make("demo AIRFLOW_PORT=x", "AIRFLOW_PORT=x is not a port: give a number from 1024", *UP, AIRFLOW_PORT="x"),
    make("demo AIRFLOW_PORT=-1", "AIRFLOW_PORT=-1 is not a port", *UP, AIRFLOW_PORT="-1"),
    make("demo AIRFLOW_PORT=8080.5", "AIRFLOW_PORT=8080.5 is not a port", *UP, AIRFLOW_PORT="8080.5"),
    make("demo S3_PORT=80", "S3_PORT=80 is not a port", *UP, S3_PORT="80"),
    make("demo POSTGRES_PORT=70000", "POSTGRES_PORT=70000 is not a port", *UP, POSTGRES_PORT="70000"),
    make("demo AIRFLOW_PORT=²", "is not a port", *UP, AIRFLOW_PORT="²"),
    make(
        "demo, two ports alike",
        "is the port of S3_PORT too: give each a port of its own",
        *UP,
        AIRFLOW_PORT="9099",
        S3_PORT="9099",
    ),
    make("run-pipeline DATE=1 May", "DATE=1 May is not a day: write it as YYYY-MM-DD", run.main, DATE="1 May"),
    make("run-pipeline DATE=2024-02-30", "DATE=2024-02-30 is not a day", run.main, DATE="2024-02-30"),
    make("run-pipeline TO=2024-09-31", "TO=2024-09-31 is not a day", run.main, FROM="2024-09-01", TO="2024-09-31"),
    make("run-pipeline FROM after TO", "FROM=2024-09-02 is after TO", run.main, FROM="2024-09-02", TO="2024-09-01"),
    make("run-pipeline FROM alone", "FROM and TO go together", run.main, FROM="2024-09-02"),
    make("run-pipeline DATE and TO", "give one or the other", run.main, DATE="2024-09-02", TO="2024-09-03"),
    make("run-pipeline without a stack", "is the stack up?", run.main, ENDPOINTS="/nowhere.json"),
    make(
        "run-pipeline ENDPOINTS of somebody else",
        "must be a JSON object with airflow_url",
        run.main,
        ENDPOINTS="names.yaml",
    ),
    make("bench SCALES=big", "SCALES=big is wrong: give whole numbers above 0", bench.main, SCALES="big"),
    make("bench RUNS=0", "RUNS=0 is wrong: give whole numbers above 0", bench.main, RUNS="0"),
    make("logs without SERVICE", "Which service? For instance `make logs SERVICE=", containers.main, "logs"),
    make("a command that is none", "usage: python -m cli.processes up|down", processes.main, "upp", code=2),
    make("fill SCALE=x", f"SCALE=x {SCALE}", fill.main, SCALE="x", PGDATABASE="x"),
    make("fill ROLES that is not JSON", "ROLES must be a JSON object", fill.main, ROLES="{", PGDATABASE="x"),
]

# ----------------------------------------------------------------------------------------------------------------------
# Terraform's variables
# ----------------------------------------------------------------------------------------------------------------------

#: Each plan with its variables. One plan has many, because it takes seconds.
TERRAFORM_PLANS: list[dict[str, Any]] = []


def terraform(plan: int, name: str, value: Any, says: str) -> Case:
    while len(TERRAFORM_PLANS) <= plan:
        TERRAFORM_PLANS.append({})
    TERRAFORM_PLANS[plan][name] = value

    def refuses(world: World) -> int:
        world.capture.readouterr()
        print(world.terraform_errors(plan))
        return 1

    return Case(f"Terraform: {name} = {json.dumps(value)}", says, nothing, refuses, 1)


TERRAFORM = [
    terraform(0, "name", "Bikes Store", "name must be 1 to 31 lower-case letters, digits and hyphens, a letter first"),
    terraform(0, "docker_host", "here", 'docker_host must begin with unix://, ssh://, tcp:// or npipe://, not "here".'),
    terraform(
        0, "docker_host_address", "a b", 'docker_host_address must be a host name or an IPv4 address, not "a b".'
    ),
    terraform(0, "bind_address", "everywhere", 'bind_address must be an IPv4 address, not "everywhere".'),
    terraform(0, "repository_path", "here", "repository_path must be an absolute path on the Docker host."),
    terraform(0, "ports", {"airflow": 80}, "ports must be whole numbers from 1024 to 65535: airflow = 80."),
    terraform(0, "images", {"redis": "redis"}, "images must name a release (name:tag): redis = redis."),
    terraform(
        0, "openlineage", "marquez", 'openlineage must be an http(s) address or an absolute path, not "marquez".'
    ),
    terraform(0, "runbooks_url", "docs/runbooks", "runbooks_url must be http:// or https:// and a path"),
    terraform(
        0,
        "external_warehouse",
        {"host": "h", "database": "d", "sslmode": "prefer"},
        "external_warehouse.sslmode must be one of disable, require, verify-ca, verify-full.",
    ),
    terraform(0, "limits", {"redis": {"cpus": "two"}}, 'limits: cpus is a number of cores, such as "1.5".'),
    terraform(1, "limits", {"redis": {"cpus": "0.05"}}, "limits: cpus must be 0.1 or more, and have one decimal."),
    terraform(1, "images", {"mino": "minio:1"}, "images names none of the stack's: mino. There are: base, grafana,"),
    terraform(0, "extra_ca_certificates", "ca.pem", "must be the text of PEM certificates, not the name of a file."),
    terraform(0, "worker_count", 0, "worker_count must be a whole number from 1 to 64, not 0."),
    terraform(0, "worker_concurrency", 0, "worker_concurrency must be a whole number, 1 or more, not 0."),
    terraform(0, "scale", 0, "scale must be a whole number, 1 or more, not 0."),
    terraform(0, "source_sql", "dump.sql", 'source_sql must be an absolute path, not "dump.sql".'),
    terraform(0, "currency_api_url", "api", 'currency_api_url must begin with http:// or https://, not "api".'),
    terraform(0, "external_lake", {"endpoint": "s3", "region": "x"}, "endpoint must be http:// or https:// and a host"),
    terraform(0, "lake_access_key", "a key", 'lake_access_key must be 3 to 128 letters and digits, not "a key".'),
    terraform(0, "log_retention_days", 0.5, "log_retention_days must be a whole number, 1 or more, not 0.5."),
    terraform(0, "scrape_interval", "1s", 'scrape_interval must be a number and s, m or h, 5s at least, not "1s".'),
    terraform(0, "metrics_retention", "long", 'metrics_retention must be a number and h, d, w or y, not "long".'),
    terraform(0, "slack_webhook_url", "x", "slack_webhook_url must be the URL of an incoming webhook"),
    terraform(1, "ports", {"grafana": 9090}, "ports must differ from each other"),
    terraform(2, "limits", {"worker": {}}, "limits names no such service: worker. There are: airflow-db, "),
]

CASES = [*CURRENCIES, *OBJECTS, *DRIFT, *VARIABLES, *CONNECTIONS, *MAKE, *TERRAFORM]
