"""The path of the rows without Airflow, as tests walk it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import psycopg2

from bikes_store import comparison
from bikes_store.deletions import DEFAULT_LIMIT, DeletionLimit
from bikes_store.extract import extract_table
from bikes_store.lake import Manifest
from bikes_store.load import Loaded, load_table
from bikes_store.load_log import held_until
from bikes_store.tables import STAGING_SCHEMA, TABLES
from bikes_store.window import FULL, Full, Window, plan
from tests.support.compare import copied

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

DAY = Window(datetime(2024, 9, 1), datetime(2024, 9, 2))

#: A few rows of the source, in the tables around an order.
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


@dataclass
class Pipeline:
    """The path of the rows without Airflow: the functions that the DAG's tasks call."""

    source_dsn: str
    warehouse_dsn: str
    s3: S3Client
    zone: str = ""
    # Whether a session serves one statement, extract or load after another. Each gets it as a new one would be.
    keeps_sessions: bool = False
    _free: dict[str, list[Any]] = field(default_factory=dict)

    @contextmanager
    def _session(self, dsn: str) -> Iterator[Any]:
        """A session of a database that nobody else uses now."""
        free = self._free.setdefault(dsn, [])
        connection = free.pop() if free else psycopg2.connect(dsn, connect_timeout=5)
        try:
            yield connection
            if self.keeps_sessions and not connection.closed:
                connection.reset()
                free.append(connection)
        finally:
            if connection not in free:
                connection.close()

    def close(self) -> None:
        """Close the sessions that are kept."""
        for free in self._free.values():
            while free:
                free.pop().close()

    def in_source(self, statement: str, parameters: Any = None) -> None:
        self._execute(self.source_dsn, statement, parameters)

    def in_staging(self, statement: str, parameters: Any = None) -> None:
        self._execute(self.warehouse_dsn, statement, parameters)

    def extract(
        self,
        name: str,
        run_id: str,
        window: Window | Full = FULL,
        list_keys: bool = False,
        probe: int | None = None,
    ) -> Manifest:
        with self._session(self.source_dsn) as source:
            return extract_table(source, self.s3, TABLES[name], window, run_id, self.zone, list_keys, probe)

    def probe(self) -> int | None:
        """How the staging area hashes rows."""
        with self._session(self.warehouse_dsn) as connection, connection, connection.cursor() as cursor:
            return comparison.probe(cursor)

    def load(self, name: str, run_id: str, interval: Window = DAY, limit: DeletionLimit = DEFAULT_LIMIT) -> Loaded:
        with self._session(self.warehouse_dsn) as staging:
            return load_table(staging, self.s3, TABLES[name], run_id, interval, limit)

    def run(self, *names: str, window: Window | Full = FULL, run_id: str = "") -> dict[str, Loaded]:
        """Extract and load tables (all of them by default), as one run."""
        run_id = run_id or f"test__{uuid4()}"
        names = names or tuple(TABLES)
        if isinstance(window, Window):
            for name in {*names} - self._noted():
                self.hold(name, window.start)
        for name in names:
            self.extract(name, run_id, window)
        interval = window if isinstance(window, Window) else DAY
        return {name: self.load(name, run_id, interval) for name in names}

    def run_day(
        self,
        name: str,
        interval: Window,
        run_id: str = "",
        overlap: timedelta = timedelta(0),
        list_keys: bool = False,
        own_hash: bool = True,
    ) -> Loaded:
        """Extract and load a table in incremental mode, as the tasks of the run of a day do.

        :param own_hash: whether the two servers hash rows alike; if not, MD5 does it.
        """
        run_id = run_id or f"test__{uuid4()}"
        with self._session(self.warehouse_dsn) as staging:
            held = held_until(staging, TABLES[name])
        self.extract(name, run_id, plan(interval, held, overlap), list_keys, self.probe() if own_hash else None)
        return self.load(name, run_id, interval)

    def hold(self, name: str, until: datetime) -> None:
        """Let the staging area say that it holds the changes of a table up to a moment of UTC, and no later ones."""
        self.in_staging("DELETE FROM bikes_store_staging.load_log WHERE table_name = %s", (name,))
        self.in_staging(
            'INSERT INTO bikes_store_staging.load_log (table_name, run_id, extracted_at, "rows", written, deleted)'
            " VALUES (%s, 'earlier', %s, 0, 0, 0)",
            (name, until.replace(tzinfo=timezone.utc)),
        )

    def _noted(self) -> set[str]:
        with self._session(self.warehouse_dsn) as connection, connection, connection.cursor() as cursor:
            cursor.execute("SELECT table_name FROM bikes_store_staging.load_log")
            return {name for (name,) in cursor.fetchall()}

    def source_rows(self, name: str) -> list[tuple[str, ...]]:
        with self._session(self.source_dsn) as connection, connection.cursor() as cursor:
            return copied(cursor, TABLES[name].schema, TABLES[name])

    def staging_rows(self, name: str) -> list[tuple[str, ...]]:
        with self._session(self.warehouse_dsn) as connection, connection.cursor() as cursor:
            return copied(cursor, STAGING_SCHEMA, TABLES[name])

    def _execute(self, dsn: str, statement: str, parameters: Any) -> None:
        with self._session(dsn) as connection, connection, connection.cursor() as cursor:
            cursor.execute(statement, parameters)
        if "ALTER DATABASE" in statement or "ALTER ROLE" in statement:
            self.close()  # settings of a database or a role count in sessions that begin after it
