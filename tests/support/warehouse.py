"""A warehouse that tests build with dbt."""

from __future__ import annotations

import gc
import os
import runpy
import shutil
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
from dbt.cli.main import dbtRunner
from dbt.constants import PARTIAL_PARSE_FILE_NAME
from dbt_common.events.event_manager import EventManager
from psycopg2.extensions import parse_dsn

from cli.database import connect
from cli.names import SUPERUSER
from cli.paths import DBT_PROJECT, REPOSITORY
from cli.processes.settings import LOOPBACK, SUPERUSER_PASSWORD
from tests.support.compare import WHEN_BUILT, built_tables, row_without
from tests.support.services import Postgres

UNKNOWN = "0" * 32

# As a worker does before it runs dbt. What the module has for Airflow is not used here.
runpy.run_path(str(REPOSITORY / "airflow" / "config" / "worker_keeps.py"))["keep_sessions_of_dbt"]()


@dataclass
class DataTest:
    """A test of dbt, as a query for the rows that break it."""

    query: str
    failures: str  # the expression that counts them
    status: str  # what it is when there are some: fail or warn


@dataclass
class Compiled:
    """What dbt makes of the project, for any database: each model as it is built at once, and each data test."""

    models: dict[str, str]
    tests: dict[str, DataTest]


@dataclass
class Warehouse:
    """A warehouse database; staging is written to with SQL, the rest by dbt."""

    dsn: str
    target: Path
    compiled: Compiled | None = None
    seconds: dict[str, float] = field(default_factory=dict)  # that each node of the last run took
    answers: dict[str, str] = field(default_factory=dict)  # the database's message to each node of the last run
    was_changed: bool = False  # by a statement or by dbt
    is_built: bool = False  # from all that staging holds

    def execute(self, statement: str) -> None:
        with connect(self.dsn) as connection, connection.cursor() as cursor:
            cursor.execute("SET search_path = bikes_store_staging")
            cursor.execute(statement)
        self.was_changed, self.is_built = True, False

    def rows(self, text: str) -> list[tuple[Any, ...]]:
        with connect(self.dsn) as connection, connection.cursor() as cursor:
            cursor.execute("SET search_path = warehouse, bikes_store_staging")
            cursor.execute(text)
            return cursor.fetchall()

    def value(self, text: str) -> Any:
        ((value,),) = self.rows(text)
        return value

    def dbt(self, *arguments: str) -> dict[str, str]:
        """Run dbt; the status of each node by its name. Raises when dbt itself fails."""
        if arguments[0] != "test":
            self.was_changed, self.is_built = True, False
        nodes = self._invoke(*arguments)
        self.seconds = {node.node.name: node.execution_time for node in nodes}
        self.answers = {node.node.name: str(node.message) for node in nodes}
        return {node.node.name: str(node.status) for node in nodes}

    def _invoke(self, *arguments: str) -> list[Any]:
        """Run dbt; returns the result of each node."""
        folders = {"--project-dir": DBT_PROJECT, "--profiles-dir": DBT_PROJECT}
        folders |= {"--target-path": self.target, "--log-path": self.target}
        options = [word for name, folder in folders.items() for word in (name, str(folder))]
        # What is not read here takes dbt a fifth of its time: a line of text for every event, and two files of JSON.
        options += ["--log-level", "none", *([] if arguments[0] == "parse" else ["--no-write-json"])]
        # A command makes half a million objects. To look for garbage once, after it, saves a fifth of its time; not to
        # look at what was there before it, modules above all, saves as much of that again.
        gc.freeze()
        gc.disable()
        try:
            # dbt writes some 20 events for each node, though no log is open that takes them: a tenth of its time.
            with mock.patch.object(EventManager, "fire_event", lambda *_, **__: None):
                result = dbtRunner().invoke([arguments[0], *options, *arguments[1:]])
        finally:
            gc.enable()
            gc.collect()
            gc.unfreeze()
        if result.exception is not None:
            raise result.exception
        # An exposure has a result too, which is always the same: there is nothing to build.
        return [node for node in getattr(result.result, "results", []) if node.node.resource_type != "exposure"]

    def folder_for_another_dbt(self, name: str) -> Path:
        """Where a program can run beside another one. It need not parse what was parsed here."""
        folder = self.target / name
        folder.mkdir()
        shutil.copy2(self.target / PARTIAL_PARSE_FILE_NAME, folder)
        return folder

    def compile(self) -> Compiled:
        """What dbt would run to build every model at once, and to test what it holds."""
        nodes = [result.node for result in self._invoke("compile", "--full-refresh")]
        database = parse_dsn(self.dsn)["dbname"]
        code = {node.name: node.compiled_code.replace(f'"{database}".', "") for node in nodes}
        return Compiled(
            {
                node.name: code[node.name]
                for node in nodes
                if node.resource_type == "model" and node.config.materialized != "ephemeral"
            },
            {
                node.name: DataTest(
                    code[node.name], node.config.fail_calc, "warn" if node.config.severity == "warn" else "fail"
                )
                for node in nodes
                if node.resource_type == "test"
            },
        )

    def contents(self) -> dict[str, list[tuple[Any, ...]]]:
        """The rows of every table that dbt builds, without what tells when they were built."""
        return {table: self._contents_of(table) for table in built_tables(self.dsn)}

    def _contents_of(self, table: str) -> list[tuple[Any, ...]]:
        row = row_without(WHEN_BUILT)
        return self.rows(f"SELECT r FROM (SELECT {row} AS r FROM warehouse.{table} AS t) AS rows ORDER BY r::text")

    def build(self, *arguments: str) -> dict[str, str]:
        """Models, snapshots and data tests, as a warehouse run has them; none may fail."""
        statuses = self.dbt("build", "--exclude-resource-type", "unit_test", *arguments)
        bad = {name: status for name, status in statuses.items() if status not in ("success", "pass", "warn")}
        assert not bad, bad
        self.is_built = not arguments
        return statuses

    def run_and_test(self) -> dict[str, str]:
        """The same, and quicker: the data tests are asked as plain queries. dbt takes 0.02 s around each."""
        self.run()
        statuses = self.ask_tests()
        assert "fail" not in statuses.values(), [name for name, status in statuses.items() if status == "fail"]
        return statuses

    def ask_tests(self) -> dict[str, str]:
        """The status of each data test: pass, warn or fail."""
        assert self.compiled
        with connect(self.dsn) as connection, connection.cursor() as cursor:
            found = {}
            for name, test in self.compiled.tests.items():
                cursor.execute(f"SELECT {test.failures} FROM ({test.query}) AS found")
                found[name] = test.status if cursor.fetchone() != (0,) else "pass"
        return found

    def assert_as_if_built_at_once(self) -> None:
        """Every table holds what a build from nothing would give.

        That is so when each holds what its own query selects from the tables before it, as they are. Snapshots are
        taken as they are too: a build from nothing keeps them.
        """
        assert self.compiled
        snapshots = {file.stem for file in (DBT_PROJECT / "snapshots").glob("*.sql")}
        assert {*built_tables(self.dsn)} == {*self.compiled.models} | snapshots
        row = f"{row_without(WHEN_BUILT)}::text"
        with connect(self.dsn) as connection, connection.cursor() as cursor:
            for name, query in self.compiled.models.items():
                held, given = f"SELECT {row} FROM warehouse.{name} AS t", f"SELECT {row} FROM ({query}) AS t"
                cursor.execute(f"({held} EXCEPT ALL {given}) UNION ALL ({given} EXCEPT ALL {held})")
                differ = cursor.fetchmany(4)
                assert not differ, f"{name} is not what it would be if it were built at once: {differ}"

    def run(self) -> None:
        """Models and snapshots without their tests, which is quicker."""
        statuses = self.dbt("build", "--resource-type", "model", "--resource-type", "snapshot")
        assert set(statuses.values()) == {"success"}, statuses
        self.is_built = True


def point_dbt_at(patch: pytest.MonkeyPatch, postgres: Postgres, database: str) -> None:
    settings = postgres.settings
    values = {
        "WAREHOUSE_HOST": LOOPBACK,
        "WAREHOUSE_PORT": str(settings.ports["postgres"]),
        "WAREHOUSE_DATABASE": database,
        "DBT_USER": SUPERUSER,
        "DBT_PASSWORD": settings.secrets[SUPERUSER_PASSWORD],
        "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
        "HTTPS_PROXY": f"http://{LOOPBACK}:9",  # dbt has no business outside
        "HTTP_PROXY": f"http://{LOOPBACK}:9",
    }
    for name, value in values.items():
        patch.setenv(name, value)
    os.environ.pop("DBT_TARGET_PATH", None)


#: Two orders of a small shop, as rows of the staging area.
SHOP = """
INSERT INTO person (businessentityid, persontype, namestyle, firstname, lastname, rowguid, modifieddate) VALUES
(1, 'SP', 'f', 'Ann', 'Lee', gen_random_uuid(), '2023-01-01'),
(2, 'IN', 'f', 'Bo', 'Ray', gen_random_uuid(), '2023-01-01'),
(3, 'SC', 'f', 'Cy', 'Poe', gen_random_uuid(), '2023-01-01');
INSERT INTO employee (
    businessentityid, nationalidnumber, loginid, jobtitle, birthdate, maritalstatus, gender, hiredate, salariedflag,
    vacationhours, sickleavehours, currentflag, rowguid, modifieddate
) VALUES (1, '1', 'a\\b', 'Rep', '1980-01-01', 'M', 'F', '2010-01-01', 't', 1, 1, 't', gen_random_uuid(), '2023-01-01');
INSERT INTO product (
    productid, name, productnumber, makeflag, finishedgoodsflag, safetystocklevel, reorderpoint, standardcost,
    listprice, daystomanufacture, sellstartdate, "class", productline, rowguid, modifieddate
) VALUES
(7, 'Bell', 'BE-1', 't', 't', 1, 1, 1, 4, 0, '2023-01-01', 'L ', 'R ', gen_random_uuid(), '2023-01-01'),
(8, 'Bike', 'BI-1', 't', 't', 1, 1, 300, 500, 0, '2023-01-01', NULL, NULL, gen_random_uuid(), '2023-01-01');
INSERT INTO shipmethod (shipmethodid, name, shipbase, shiprate, rowguid) VALUES (1, 'POST', 1, 1, gen_random_uuid());
INSERT INTO currency (currencycode, name) VALUES ('USD', 'US Dollar'), ('EUR', 'Euro');
INSERT INTO currencyrate (
    currencyrateid, currencyratedate, fromcurrencycode, tocurrencycode, averagerate, endofdayrate, modifieddate
) VALUES (1, '2024-01-05', 'USD', 'EUR', 0.9, 0.91, '2024-01-05');
INSERT INTO salesreason (salesreasonid, name, reasontype) VALUES (1, 'Price', 'Other'), (2, 'Review', 'Other');
INSERT INTO salesterritory (territoryid, name, countryregioncode, "group", rowguid, modifieddate)
VALUES (1, 'North', 'US', 'America', gen_random_uuid(), '2023-01-01');
INSERT INTO specialoffer (
    specialofferid, description, discountpct, type, category, startdate, enddate, rowguid
) VALUES (1, 'None', 0, 'None', 'None', '2023-01-01', '2030-01-01', gen_random_uuid());
INSERT INTO salesperson (businessentityid, territoryid, salesquota, rowguid, modifieddate)
VALUES (1, 1, 1000, gen_random_uuid(), '2023-01-01');
INSERT INTO store (businessentityid, name, salespersonid, rowguid, modifieddate)
VALUES (20, 'Wheels', 1, gen_random_uuid(), '2023-01-01');
INSERT INTO customer (customerid, personid, storeid, territoryid, rowguid, modifieddate) VALUES
(10, 2, NULL, 1, gen_random_uuid(), '2023-01-01'), (11, 3, 20, 1, gen_random_uuid(), '2023-01-01');
INSERT INTO salespersonquotahistory (businessentityid, quotadate, salesquota, rowguid, modifieddate)
VALUES (1, '2024-01-01', 500, gen_random_uuid(), '2024-01-01');
INSERT INTO salesterritoryhistory (businessentityid, territoryid, startdate, enddate, rowguid, modifieddate)
VALUES (1, 1, '2023-01-01', NULL, gen_random_uuid(), '2023-01-01');
INSERT INTO salesorderheader (
    salesorderid, orderdate, duedate, shipdate, status, onlineorderflag, customerid, salespersonid, territoryid,
    billtoaddressid, shiptoaddressid, shipmethodid, currencyrateid, subtotal, taxamt, freight, totaldue, rowguid,
    modifieddate
) VALUES
(100, '2024-01-05', '2024-01-17', NULL, 1, 't', 10, NULL, 1, 1, 1, 1, 1, 12, 1, 0.01, 13.01, gen_random_uuid(),
'2024-01-12'),
(101, '2024-01-06', '2024-01-18', '2024-01-13', 5, 'f', 11, 1, 1, 1, 1, 1, NULL, 1000, 80, 20, 1100,
gen_random_uuid(), '2024-01-13');
INSERT INTO salesorderdetail (
    salesorderid, salesorderdetailid, orderqty, productid, specialofferid, unitprice, unitpricediscount, rowguid,
    modifieddate
) VALUES
(100, 1, 1, 7, 1, 4, 0, gen_random_uuid(), '2024-01-05'),
(100, 2, 1, 7, 1, 4, 0, gen_random_uuid(), '2024-01-05'),
(100, 3, 1, 7, 1, 4, 0, gen_random_uuid(), '2024-01-05'),
(101, 4, 2, 8, 1, 500, 0, gen_random_uuid(), '2024-01-06');
INSERT INTO salesorderheadersalesreason (salesorderid, salesreasonid, modifieddate) VALUES
(100, 1, '2024-01-05'), (100, 2, '2024-01-05');
"""
