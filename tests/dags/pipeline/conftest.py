"""A source, a lake and a staging area of its own for each test, and a way to run the pipeline between them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import psycopg2
import pytest

from bikes_store.extract import extract_table
from bikes_store.lake import Manifest
from bikes_store.load import Loaded, load_table
from bikes_store.tables import TABLES
from bikes_store.window import FULL, Window
from cli.database import connect, query
from cli.paths import REPOSITORY
from cli.processes.postgres import psql
from tests.support.services import Postgres

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

DAY = Window(datetime(2024, 9, 1), datetime(2024, 9, 2))


@dataclass
class Pipeline:
    """The path of the rows, without Airflow: what the DAG's tasks do, by the same functions."""

    source_dsn: str
    warehouse_dsn: str
    s3: S3Client
    keys: dict[str, tuple[str, ...]]

    def in_source(self, statement: str, parameters: Any = None) -> None:
        self._execute(self.source_dsn, statement, parameters)

    def in_staging(self, statement: str, parameters: Any = None) -> None:
        self._execute(self.warehouse_dsn, statement, parameters)

    def extract(self, name: str, run_id: str, window: Window | None = FULL) -> Manifest:
        with closing(psycopg2.connect(self.source_dsn)) as source:
            return extract_table(source, self.s3, TABLES[name], window, run_id)

    def load(self, name: str, run_id: str, interval: Window = DAY) -> Loaded:
        with closing(psycopg2.connect(self.warehouse_dsn)) as staging:
            return load_table(staging, self.s3, TABLES[name], self.keys[name], run_id, interval)

    def run(self, *names: str, window: Window | None = FULL, run_id: str = "") -> dict[str, Loaded]:
        """Extract and load tables (all of them by default), as one run."""
        run_id = run_id or f"test__{uuid4()}"
        names = names or tuple(TABLES)
        for name in names:
            self.extract(name, run_id, window)
        return {name: self.load(name, run_id, window or DAY) for name in names}

    def source_rows(self, name: str) -> list[tuple[Any, ...]]:
        return self._rows(self.source_dsn, TABLES[name].schema, name)

    def staging_rows(self, name: str) -> list[tuple[Any, ...]]:
        return self._rows(self.warehouse_dsn, "bikes_store_staging", name)

    def _rows(self, dsn: str, schema: str, name: str) -> list[tuple[Any, ...]]:
        """Each value as COPY writes it, so that 1.0 differs from 1.00 and 'a ' from 'a'."""
        columns = ", ".join(f'"{column}"' for column in TABLES[name].columns)
        order = ", ".join(self.keys[name])
        with connect(dsn) as connection, connection.cursor() as cursor:
            from io import StringIO

            rows = StringIO()
            cursor.copy_expert(f'COPY (SELECT {columns} FROM {schema}."{name}" ORDER BY {order}) TO STDOUT', rows)
            return [tuple(line.split("\t")) for line in rows.getvalue().split("\n")[:-1]]

    def _execute(self, dsn: str, statement: str, parameters: Any) -> None:
        with connect(dsn) as connection, connection.cursor() as cursor:
            cursor.execute(statement, parameters)


@pytest.fixture(scope="session")
def templates(postgres: Postgres) -> tuple[str, str]:
    """Names of an empty source and of an empty warehouse, to be copied."""
    psql(postgres.create_database("template_source")).run(REPOSITORY / "source" / "bikes_store" / "schema.sql")
    psql(postgres.create_database("template_warehouse")).run(REPOSITORY / "warehouse" / "staging.sql")
    return "template_source", "template_warehouse"


@pytest.fixture
def pipeline(postgres: Postgres, templates: tuple[str, str], s3: S3Client) -> Iterator[Pipeline]:
    source = postgres.create_database("test_source", templates[0])
    warehouse = postgres.create_database("test_warehouse", templates[1])
    yield Pipeline(source, warehouse, s3, primary_keys(warehouse))


def primary_keys(warehouse_dsn: str) -> dict[str, tuple[str, ...]]:
    """The key of each staging table, as the database has it."""
    rows = query(
        warehouse_dsn,
        "SELECT relname, array_agg(attname::text ORDER BY array_position(conkey, attnum))"
        " FROM pg_constraint JOIN pg_class ON pg_class.oid = conrelid"
        " JOIN pg_attribute ON attrelid = conrelid AND attnum = ANY (conkey)"
        " WHERE contype = 'p' AND connamespace = 'bikes_store_staging'::regnamespace GROUP BY relname",
    )
    return {name: tuple(columns) for name, columns in rows}


@pytest.fixture
def small_source(pipeline: Pipeline) -> Pipeline:
    """A few rows in the tables around an order."""
    pipeline.in_source(SMALL)
    return pipeline


SMALL = """
INSERT INTO person.person (businessentityid, persontype, namestyle, firstname, lastname, emailpromotion, modifieddate)
VALUES (1, 'EM', false, 'Ann', 'Lee', 0, '2024-09-01'), (2, 'IN', true, 'Bo', 'Ray', 1, '2024-08-31 23:59:59.999');

INSERT INTO sales.salesterritory (territoryid, name, countryregioncode, "group", modifieddate)
VALUES (1, 'North', 'US', 'America', '2024-01-01');

INSERT INTO sales.customer (customerid, personid, territoryid, modifieddate)
VALUES (10, 2, 1, '2024-09-01 12:00');

INSERT INTO purchasing.shipmethod (shipmethodid, name, shipbase, shiprate, modifieddate)
VALUES (1, 'POST', 1.5, 0.25, '2024-01-01');

INSERT INTO production.product (
    productid, name, productnumber, safetystocklevel, reorderpoint, standardcost, listprice, daystomanufacture,
    sellstartdate, "class", modifieddate
) VALUES (7, 'Bell, brass', 'BE-1', 10, 5, 1.5000, 3.9900, 0, '2024-01-01', 'L', '2024-01-01');

INSERT INTO sales.specialoffer (
    specialofferid, description, discountpct, type, category, startdate, enddate, modifieddate
) VALUES (1, 'None', 0, 'None', 'None', '2024-01-01', '2025-01-01', '2024-01-01');

INSERT INTO sales.specialofferproduct (specialofferid, productid, modifieddate) VALUES (1, 7, '2024-01-01');

INSERT INTO sales.salesorderheader (
    salesorderid, orderdate, duedate, status, onlineorderflag, customerid, territoryid, billtoaddressid,
    shiptoaddressid, shipmethodid, subtotal, taxamt, freight, totaldue, modifieddate
) VALUES (100, '2024-08-25', '2024-09-05', 5, true, 10, 1, 1, 1, 1, 7.98, 0.64, 0.20, 8.82, '2024-09-01 00:00:00');

INSERT INTO sales.salesorderdetail (
    salesorderid, salesorderdetailid, orderqty, productid, specialofferid, unitprice, unitpricediscount, modifieddate
) VALUES
(100, 1, 1, 7, 1, 3.9900, 0, '2024-08-25'),
(100, 2, 1, 7, 1, 3.9900, 0, '2024-09-01 23:59:59.999'),
(100, 3, 1, 7, 1, 3.9900, 0, '2024-09-02');
"""
