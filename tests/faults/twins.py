"""A source and two warehouses of it: faults happen to one, and none to the other. In the end they must be equal."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import psycopg2
import psycopg2.extensions
import pytest

from bikes_store.lake import BUCKET
from bikes_store.load import Loaded
from cli.database import connect, query
from cli.names import LAKE_ACCESS_KEY
from cli.paths import DBT_PROJECT
from tests.support.compare import assert_same_warehouse, assert_staging_equals_source
from tests.support.pipeline import Pipeline
from tests.support.services import Postgres, lake_at
from tests.support.warehouse import Warehouse, point_dbt_at

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

#: Leaves one of fifty orders and what belongs to them, so that a run takes a second.
SHRINK = """
SET session_replication_role = replica;
DELETE FROM sales.salesorderheader WHERE salesorderid % 50 <> 0;
DELETE FROM sales.salesorderdetail WHERE salesorderid % 50 <> 0;
DELETE FROM sales.salesorderheadersalesreason WHERE salesorderid % 50 <> 0;
DELETE FROM sales.customer AS held
WHERE NOT EXISTS (SELECT FROM sales.salesorderheader AS orders WHERE orders.customerid = held.customerid);
DELETE FROM person.person AS held
WHERE
    persontype = 'IN'
    AND NOT EXISTS (SELECT FROM sales.customer WHERE customer.personid = held.businessentityid);
DELETE FROM sales.currencyrate AS held
WHERE NOT EXISTS (SELECT FROM sales.salesorderheader AS orders WHERE orders.currencyrateid = held.currencyrateid);
"""

# A day in the shop: prices rise, somebody marries, an order is repeated, another is corrected, a line is taken back.
_A_DAY = """
UPDATE production.product SET listprice = listprice + 1, modifieddate = %(now)s WHERE productid %% 10 = %(day)s %% 10;
UPDATE person.person SET lastname = lastname || %(day)s, modifieddate = %(now)s
WHERE businessentityid %% 5 = %(day)s %% 5;
CREATE TEMPORARY TABLE repeated AS
SELECT * FROM sales.salesorderheader WHERE salesorderid = (SELECT min(salesorderid) FROM sales.salesorderdetail);
CREATE TEMPORARY TABLE repeated_lines AS
SELECT salesorderdetail.* FROM sales.salesorderdetail INNER JOIN repeated USING (salesorderid);
UPDATE repeated SET salesorderid = 1000000 + %(day)s, rowguid = gen_random_uuid(), orderdate = %(now)s::date,
    duedate = %(now)s::date + 9, shipdate = NULL, modifieddate = %(now)s;
UPDATE repeated_lines SET salesorderid = 1000000 + %(day)s, rowguid = gen_random_uuid(), modifieddate = %(now)s,
    salesorderdetailid = 10000000 + 1000 * %(day)s + salesorderdetailid %% 1000;
INSERT INTO sales.salesorderheader SELECT * FROM repeated;
INSERT INTO sales.salesorderdetail SELECT * FROM repeated_lines;
UPDATE sales.salesorderheader SET freight = freight + 1, totaldue = totaldue + 1, modifieddate = %(now)s
WHERE salesorderid %% 7 = %(day)s %% 7;
DELETE FROM sales.salesorderheadersalesreason
WHERE salesorderid = (SELECT min(salesorderid) FROM sales.salesorderheadersalesreason);
WITH taken_back AS (
    DELETE FROM sales.salesorderdetail WHERE salesorderdetailid = (
        SELECT max(salesorderdetailid) FROM sales.salesorderdetail INNER JOIN (
            SELECT salesorderid FROM sales.salesorderdetail GROUP BY salesorderid HAVING count(*) > 1
        ) AS with_more_lines USING (salesorderid) WHERE salesorderid < 1000000
    ) RETURNING salesorderid, orderqty * unitprice * (1 - unitpricediscount) AS amount
)
UPDATE sales.salesorderheader AS header
SET subtotal = subtotal - amount, totaldue = totaldue - amount, modifieddate = %(now)s
FROM taken_back WHERE taken_back.salesorderid = header.salesorderid;
DROP TABLE repeated, repeated_lines;
"""

#: The tables that a day changes, in load order.
CHANGING = ("person", "product", "salesorderheader", "salesorderdetail", "salesorderheadersalesreason")


@dataclass
class Twins:
    """``source`` is the source of both; ``hurt`` is the warehouse that faults happen to, ``clean`` the other."""

    postgres: Postgres
    s3: S3Client
    source: str
    hurt: str
    clean: str
    target: Path
    after_each: bool
    days: int = 0

    @property
    def pipeline(self) -> Pipeline:
        """From the source to the warehouse that faults happen to."""
        return Pipeline(self.source, self.hurt, self.s3)

    def through(self, *, source: int = 0, warehouse: int = 0, lake_port: int = 0) -> Pipeline:
        """The same on the way through proxies, given by their ports."""
        return Pipeline(
            at_port(self.source, source) if source else self.source,
            at_port(self.hurt, warehouse) if warehouse else self.hurt,
            lake_at(self.postgres.settings, lake_port) if lake_port else self.s3,
        )

    def a_day(self) -> str:
        """Let a day pass in the source; returns the id of the run that is to take it."""
        self.days += 1
        parameters = {"day": self.days, "now": datetime(2024, 9, 1) + timedelta(days=self.days)}
        self.execute(self.source, _A_DAY, parameters)
        return f"fault__{self.days}__{uuid4()}"

    def staged(self, table: str) -> list[tuple[str, ...]]:
        """The rows of a table in the staging area that faults happen to."""
        return self.pipeline.staging_rows(table)

    @contextmanager
    def no_connections(self, dsn: str) -> Iterator[None]:
        """Have a database take no new connections."""
        statement = f'ALTER DATABASE "{database(dsn)}" ALLOW_CONNECTIONS '
        self.execute(self.postgres.dsn(), statement + "false")
        try:
            yield
        finally:
            self.execute(self.postgres.dsn(), statement + "true")

    def execute(self, dsn: str, statement: str, parameters: Any = None) -> None:
        with connect(dsn) as connection, connection.cursor() as cursor:
            cursor.execute(statement, parameters)

    def execute_alone(self, statement: str, dsn: str = "") -> None:
        """Run a statement that can't be part of a transaction."""
        with closing(psycopg2.connect(dsn or self.postgres.dsn())) as connection:
            connection.autocommit = True
            with connection.cursor() as cursor:
                cursor.execute(statement)

    def retry(self, step: str, table: str, run_id: str) -> Loaded:
        """Do one step of a table again, and then all steps that come after it; returns what the load of it did."""
        if step == "extract":
            self.pipeline.extract(table, run_id)
        loaded = self.pipeline.load(table, run_id)
        self.pipeline.run(*(name for name in CHANGING if name != table), run_id=run_id)
        return loaded

    def build(self, dsn: str) -> None:
        """Build a warehouse with dbt: all models and snapshots."""
        assert set(self.statuses(dsn).values()) == {"success"}

    def statuses(self, dsn: str) -> dict[str, str]:
        """Try to build a warehouse; returns what became of each model and snapshot."""
        with self._dbt_at(dsn):
            warehouse = Warehouse(dsn, self.target / database(dsn))
            return warehouse.dbt("build", "--resource-type", "model", "--resource-type", "snapshot")

    def dbt_process(self, port: int) -> subprocess.Popen[str]:
        """The same in a process of its own, through a proxy, on the warehouse that faults happen to."""
        folders = {"project-dir": DBT_PROJECT, "profiles-dir": DBT_PROJECT}
        folders |= dict.fromkeys(("target-path", "log-path"), self.target / "process")
        options = [f"--{name}={folder}" for name, folder in folders.items()]
        options += ["--resource-type=model", "--resource-type=snapshot"]
        with self._dbt_at(self.hurt):
            return subprocess.Popen(
                [str(Path(sys.prefix, "bin", "dbt")), "build", *options],
                env={**os.environ, "WAREHOUSE_PORT": str(port)},
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
            )

    @contextmanager
    def _dbt_at(self, dsn: str) -> Iterator[None]:
        with pytest.MonkeyPatch.context() as patch:
            point_dbt_at(patch, self.postgres, database(dsn))
            yield

    def assert_right(self, run_id: str, marts: bool = False) -> None:
        """After the retry: staging equals the source, nothing is left over, facts and marts equal the clean ones.

        In the short form of the tests, facts and marts are compared with ``marts`` only, after all faults so far.

        :param marts: compare facts and marts in the short form too, which takes some seconds.
        """
        assert_staging_equals_source(self.source, self.hurt)
        self.assert_nothing_left()
        if marts or self.after_each:
            self.build(self.hurt)
            self.run_clean(run_id)
            assert_same_warehouse(self.hurt, self.clean)

    def run_clean(self, run_id: str) -> None:
        """Bring the warehouse that nothing happens to up to date."""
        Pipeline(self.source, self.clean, self.s3).run(run_id=f"clean {run_id}")
        self.build(self.clean)

    def assert_nothing_left(self) -> None:
        """No session with its transaction, no temporary table, no upload that never ended."""
        listed = f"'{database(self.source)}', '{database(self.hurt)}'"
        sessions = (
            f"SELECT datname, state, query FROM pg_stat_activity WHERE datname IN ({listed})"
            " AND pid <> pg_backend_pid() AND backend_type = 'client backend'"
        )
        deadline = time.monotonic() + 5  # a session that was cut off ends in a moment
        while (left := query(self.postgres.dsn(), sessions)) and time.monotonic() < deadline:
            time.sleep(0.05)
        assert left == []
        assert query(self.postgres.dsn(), "SELECT * FROM pg_prepared_xacts") == []
        for dsn in (self.source, self.hurt):
            assert query(dsn, "SELECT relname FROM pg_class WHERE relpersistence = 't'") == []
        assert self.uploads() == []

    def uploads(self) -> list[str]:
        """Keys of the uploads that have not ended."""
        return [upload["Key"] for upload in self.s3.list_multipart_uploads(Bucket=BUCKET).get("Uploads", [])]

    def child(self, step: str, table: str, run_id: str, pipeline: Pipeline) -> str:
        """What tests/faults/child.py needs for one step, as JSON."""
        given = {
            "step": step,
            "table": table,
            "run_id": run_id,
            "source": pipeline.source_dsn,
            "warehouse": pipeline.warehouse_dsn,
            "lake": pipeline.s3.meta.endpoint_url,
            "access_key": LAKE_ACCESS_KEY,
            "secret_key": self.postgres.settings.secrets["lake_secret_key"],
        }
        return json.dumps(given)


@contextmanager
def meanwhile(reached: Event, action: Callable[[], object]) -> Iterator[None]:
    """Around a step that is to reach a point: then, and while the step goes on, the action is done.

    It must be reached before the block ends.
    """
    with ThreadPoolExecutor() as pool:
        done = pool.submit(lambda: reached.wait(60) and action())
        yield
        reached_in_time = reached.is_set()
        reached.set()
        done.result()
        assert reached_in_time, "the step never came to the point where the fault happens"


def database(dsn: str) -> str:
    """The name of the database in a connection URL."""
    return str(psycopg2.extensions.parse_dsn(dsn)["dbname"])


def at_port(dsn: str, port: int) -> str:
    """A connection URL with another port."""
    parts = psycopg2.extensions.parse_dsn(dsn)
    return dsn.replace(f":{parts['port']}/", f":{port}/")
