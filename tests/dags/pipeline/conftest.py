"""For each test: a source and a staging area of its own, a lake, and a way to run the pipeline between them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from cli.paths import REPOSITORY
from cli.processes.postgres import psql
from tests.support.pipeline import Pipeline
from tests.support.services import Postgres

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


@pytest.fixture(scope="session")
def templates(postgres: Postgres) -> tuple[str, str]:
    """Names of an empty source and of an empty warehouse, for tests to copy."""
    psql(postgres.create_database("template_source")).run(REPOSITORY / "source" / "bikes_store" / "schema.sql")
    psql(postgres.create_database("template_warehouse")).run(REPOSITORY / "warehouse" / "staging.sql")
    return "template_source", "template_warehouse"


@pytest.fixture
def pipeline(postgres: Postgres, templates: tuple[str, str], s3: S3Client) -> Iterator[Pipeline]:
    source = postgres.create_database("test_source", templates[0])
    warehouse = postgres.create_database("test_warehouse", templates[1])
    yield Pipeline(source, warehouse, s3)


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
