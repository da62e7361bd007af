"""The scenarios of `make simulate`, one after another on one small shop: what each moves, and what it leaves alone."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from contextlib import closing
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta, timezone
from typing import Any

import psycopg2
import pytest
from urllib3.util import Retry

from bikes_store.currency import extract_currencies
from bikes_store.errors import Refused, Unavailable
from bikes_store.load import load_table
from bikes_store.load_log import held_until
from bikes_store.tables import CURRENCY, TABLES
from bikes_store.window import FULL, Window, plan
from cli.database import connect, query
from cli.errors import UserError
from cli.names import LAKE_ACCESS_KEY
from cli.paths import REPOSITORY
from cli.processes.postgres import psql
from cli.processes.settings import LOOPBACK
from cli.simulate.page import make_page
from cli.simulate.play import Act, Play
from cli.simulate.scenarios import SCENARIOS
from cli.simulate.scenarios.api_down import API_URL
from cli.simulate.scenarios.late_data import MODE
from cli.simulate.scenarios.working_day import make_plan
from cli.simulate.stack import Failure, Outcome, next_day
from cli.simulate.undo import Undo
from tests.support.pipeline import Pipeline
from tests.support.warehouse import SHOP, Warehouse, point_dbt_at

# The shop as rows of the source. Its products need an offer there, and its customers a second territory to move to.
SOURCE = f"""
SET session_replication_role = replica;
SET search_path = person, humanresources, production, purchasing, sales;
{SHOP}
INSERT INTO specialofferproduct (specialofferid, productid, modifieddate) VALUES
(1, 7, '2023-01-01'), (1, 8, '2023-01-01');
INSERT INTO salesterritory (territoryid, name, countryregioncode, "group", modifieddate)
VALUES (2, 'South', 'US', 'America', '2023-01-01');
"""
LAST_DAY = date(2024, 12, 31)


@dataclass
class Small:
    """A stack without Airflow: the functions that the tasks call, and dbt."""

    pipeline: Pipeline
    warehouse: Warehouse
    lake_secret: str
    variables: dict[str, str]
    first_day: date = date(2024, 9, 1)
    runs: list[date] = field(default_factory=list)
    # The load that is going on in a process of its own, when the test wants it there.
    child: subprocess.Popen[bytes] | None = None
    in_child: str = ""

    @property
    def source_dsn(self) -> str:
        return self.pipeline.source_dsn

    @property
    def warehouse_dsn(self) -> str:
        return self.pipeline.warehouse_dsn

    def variable(self, name):
        return self.variables[name]

    def set_variable(self, name, value):
        self.variables[name] = value

    def run(self, day, watch=lambda: None):
        self.runs.append(day)
        started, run_id = time.monotonic(), f"simulate__{day}_{len(self.runs)}"
        midnight = datetime(day.year, day.month, day.day)
        failed = self._stage(run_id, Window(midnight, midnight + timedelta(days=1)), watch)
        if not failed:
            self.warehouse.run()
        return Outcome(run_id, time.monotonic() - started, failed)

    def end_task(self, task_id):
        assert self.child and task_id == f"load.db.{self.in_child}"
        self.child.kill()
        self.child.wait()
        return True

    def _stage(self, run_id, interval, watch):
        """All extracts, then all loads; the failure of the first that is refused."""
        task = ""
        try:
            for name, table in TABLES.items():
                task = f"extract.db.{table.source}"
                self._extract(name, run_id, interval)
            task = "extract.api.currency"
            extract_currencies(self.variables[API_URL], self.pipeline.s3, run_id, (1, 1), Retry(0))
            for name in TABLES:
                task = f"load.db.{name}"
                if name == self.in_child:
                    self._load_in_child(name, run_id, watch)
                self.pipeline.load(name, run_id, interval)
            task = "load.api.currency"
            with closing(psycopg2.connect(self.warehouse_dsn)) as staging:
                load_table(staging, self.pipeline.s3, CURRENCY, run_id, interval)
        except (Refused, Unavailable) as error:
            return Failure(task, 1, str(error))
        return None

    def _extract(self, name, run_id, interval):
        if self.variables[MODE] != "True":
            self.pipeline.extract(name, run_id, FULL)
            return
        with closing(psycopg2.connect(self.warehouse_dsn)) as staging:
            window = plan(interval, held_until(staging, TABLES[name]), timedelta(hours=6))
        self.pipeline.extract(name, run_id, window, list_keys=True)

    def _load_in_child(self, name, run_id, watch):
        given = {
            "step": "load",
            "table": name,
            "run_id": run_id,
            "source": self.source_dsn,
            "warehouse": self.warehouse_dsn,
            "lake": self.pipeline.s3.meta.endpoint_url,
            "access_key": LAKE_ACCESS_KEY,
            "secret_key": self.lake_secret,
        }
        command = [sys.executable, "-m", "tests.faults.child", json.dumps(given)]
        with subprocess.Popen(command, cwd=REPOSITORY, env={**os.environ, "PYTHONPATH": "dags:."}) as self.child:
            deadline = time.monotonic() + 60
            while self.child.poll() is None:
                assert time.monotonic() < deadline
                watch()
                time.sleep(0.05)


class Silent:
    """Nobody watches; what was said is kept."""

    def __init__(self) -> None:
        self.said: list[str] = []

    def opens(self, act: Act) -> None: ...
    def ran(self, outcome: Outcome) -> None: ...
    def closes(self, act: Act) -> None: ...
    def says(self, sentence: str) -> None:
        self.said.append(sentence)


@pytest.fixture(scope="module")
def stack(postgres, s3, currency_url, template_dbt, target):
    source = postgres.create_database("simulate_source")
    psql(source).run(REPOSITORY / "source" / "bikes_store" / "schema.sql")
    with connect(source) as connection, connection.cursor() as cursor:
        cursor.execute(SOURCE)
    dsn = postgres.create_database("simulate_warehouse", template_dbt)
    with pytest.MonkeyPatch.context() as patch:
        point_dbt_at(patch, postgres, "simulate_warehouse")
        patch.setenv("NO_PROXY", LOOPBACK)  # the currency API is no business of dbt
        made = Small(
            Pipeline(source, dsn, s3),
            Warehouse(dsn, target),
            postgres.settings.secrets["lake_secret_key"],
            {MODE: "False", API_URL: currency_url},
        )
        assert made.run(date(2024, 8, 31)).failed is None
        yield made
        # Whatever the scenarios did: all tests of dbt pass, and none warns.
        assert set(made.warehouse.build().values()) == {"success", "pass"}


@pytest.fixture
def play(stack, tmp_path):
    """Play a scenario on the day that is next; returns the play."""

    def run(name: str, **settings: Any) -> Play:
        made = new_play(stack, tmp_path, settings)
        scenario = SCENARIOS[name]
        scenario.play(made)
        assert not made.notes.exists()
        page = make_page(tmp_path, scenario, made, datetime.now(timezone.utc))
        assert all(act.title in page for act in made.acts)
        # Of what the acts show in the end, the figures of the warehouse agree with the staging area.
        differences = "SELECT max(difference) FROM warehouse.mart_reconciliation"
        assert query(stack.warehouse_dsn, differences) == [(0,)]
        return made

    return run


def new_play(stack: Small, folder: Any, settings: dict[str, Any] | None = None) -> Play:
    day = next_day(stack, date(2025, 1, 1))
    return Play(stack, Silent(), day, LAST_DAY, folder / "undo.json", settings)


def signs(act: Act) -> dict[str, str]:
    """The tables that moved in an act, each with the signs of its rows."""
    return {
        moved.watch.table: "".join(change.sign for change in moved.changes if change.sign != "=")
        for moved in act.moved
        if moved.has_moved
    }


def column(act: Act, table: str, name: str) -> list[Any]:
    """What a column of a table holds in the end, of all its rows."""
    (moved,) = (moved for moved in act.moved if moved.watch.table == table)
    place = list(moved.columns).index(name)
    return [change.cells[place][1] for change in moved.changes]


def stations_that_moved(act: Act) -> set[str]:
    return {moved.watch.station for moved in act.moved if moved.has_moved}


def test_new_orders_come_in_everywhere(play):
    (act,) = play("new-orders").acts
    assert signs(act) == {
        "sales.customer": "+",
        "sales.salesorderheader": "+++",
        "sales.salesorderdetail": "+++++",
        "bikes_store_staging.customer": "+",
        "bikes_store_staging.salesorderheader": "+++",
        "bikes_store_staging.salesorderdetail": "+++++",
        "dim_customer": "+",
        "fact_order": "+++++",
        "mart_sales_daily": "++",
        "mart_customer_value": "~~+",
        "mart_reconciliation": "~~~",
    }


def test_a_new_price_is_a_version_and_an_order_meets_that_of_its_moment(play):
    made = play("price-change")
    (act,) = made.acts
    old, new = made.chosen["old_price"], made.chosen["new_price"]
    assert signs(act)["production.product"] == signs(act)["bikes_store_staging.product"] == "~"
    assert signs(act)["dim_product"] == "~+"
    assert signs(act)["fact_order"] == "++"
    assert column(act, "dim_product", "list_price") == [old, new]
    *before, morning, evening = column(act, "fact_order", "price_of_version")
    assert before
    assert {*before, morning} == {old}
    assert evening == new != old
    assert column(act, "dim_product", "dbt_valid_to")[0] == datetime(made.day.year, made.day.month, made.day.day, 12)


def test_a_customer_who_moves_keeps_the_territory_of_the_old_orders(play):
    made = play("customer-moves")
    (act,) = made.acts
    assert signs(act)["dim_customer"] == "~+"
    assert column(act, "fact_order", "territory_of_customer") == [
        made.chosen["old_territory"],
        made.chosen["new_territory"],
    ]
    assert column(act, "fact_order", "territory_name") == [made.chosen["old_name"], made.chosen["new_name"]]
    assert signs(act)["mart_sales_daily"] == "++"


def test_late_data_is_seen_and_a_repeated_day_brings_it_with_its_old_version(play, stack):
    made = play("late-data")
    late, again = made.acts
    assert stack.runs[-2:] == [made.day, made.chosen["late_day"]]
    assert signs(late)["sales.salesorderheader"] == "++"
    assert signs(late)["bikes_store_staging.salesorderheader"] == "+"
    assert f"missing rows: 1, such as ({made.chosen['late_order']})" in late.note
    assert signs(late)["dim_product"] == "~+"
    assert signs(again) == {
        "bikes_store_staging.salesorderheader": "+",
        "fact_order": "+",
        "mart_sales_daily": "+",
        "mart_reconciliation": "~~~",
    }
    assert column(again, "fact_order", "price_of_version") == [
        made.chosen["new_price"],
        made.chosen["old_price"],
    ]
    assert column(again, "fact_order", "line_total") == [made.chosen["new_price"], made.chosen["old_price"]]
    assert stack.variables[MODE] == "False"


def test_a_deleted_order_is_gone_everywhere_and_an_accident_is_refused(play, stack):
    deleted, accident, mended = play("deleted-rows").acts
    lines = signs(deleted)["sales.salesorderdetail"]
    assert set(lines) == {"-"}
    assert len(lines) > 1
    assert signs(deleted)["bikes_store_staging.salesorderdetail"] == signs(deleted)["fact_order"] == lines
    failed = accident.outcomes[0].failed
    assert failed and failed.task_id == "load.db.salespersonquotahistory"
    assert "sales.salespersonquotahistory has lost 1 of the 1 rows" in failed.sentence
    assert signs(accident) == signs(mended) == {"sales.salespersonquotahistory": "~"}
    assert column(mended, "sales.salespersonquotahistory", "rows") == [1]
    assert query(stack.source_dsn, "SELECT to_regclass('public.simulate_kept')") == [(None,)]


@pytest.mark.parametrize(
    ("name", "incremental", "task", "says"),
    [
        (
            "api-down",
            "False",
            "extract.api.currency",
            "The currency API at http://127.0.0.1:9/api/currencydata can't be reached",
        ),
        ("broken-row", "False", "load.db.salesorderdetail", "has the key (salesorderid, salesorderdetailid) = ("),
        ("schema-drift", "False", "extract.db.production.product", 'column "listprice" does not exist'),
        ("schema-drift", "True", "extract.db.production.product", 'column "listprice" does not exist'),
    ],
)
def test_a_failure_has_a_sentence_writes_nothing_and_is_mended(
    play, stack, currency_url, monkeypatch, name, incremental, task, says
):
    monkeypatch.setitem(stack.variables, MODE, incremental)
    broken, green = play(name).acts
    failed = broken.outcomes[0].failed
    assert failed and failed.task_id == task
    assert says in failed.sentence
    assert stations_that_moved(broken) == {"source"}
    assert green.outcomes[0].failed is None
    # In incremental mode too: what came in on the day waited for the run that succeeded.
    assert {"staging", "fact"} <= stations_that_moved(green) | ({"fact"} if name == "broken-row" else set())
    assert stack.variables[API_URL] == currency_url


def test_a_killed_load_is_rolled_back_and_the_retry_loads(play, stack):
    stack.in_child = "salesorderdetail"
    try:
        killed, retried = play("worker-killed").acts
    finally:
        stack.in_child = ""
    assert stack.child.returncode == -9
    # Headers are loaded before the lines are.
    assert signs(killed) == {
        "sales.salesorderheader": "~+",
        "sales.salesorderdetail": "~+",
        "bikes_store_staging.salesorderheader": "~+",
    }
    assert signs(retried)["bikes_store_staging.salesorderdetail"] == "~+"
    assert "+" in signs(retried)["fact_order"]


def test_days_follow_each_other_and_their_revenue_agrees(play):
    made = play("day", days="2", seed="7")
    first, second, summary = made.acts
    assert second.day - first.day == timedelta(days=1)
    assert summary.table and summary.table.is_right
    (_, orders, customers, shipped, returned, sold, built, difference), (*_, last_difference) = summary.table.rows
    assert int(orders) >= 5
    assert int(customers) >= 1
    assert sold == built
    assert difference == last_difference == "0"
    assert (int(shipped) > 0, returned) == (True, "1")
    assert signs(first)["dim_product"] == "~+"
    assert "-" in signs(first)["fact_order"]
    # The orders of the first day leave on the second.
    assert int(summary.table.rows[1][3]) == int(orders)


def test_the_same_seed_lives_the_same_day():
    pools = {
        "number": 1, "line": 1, "customer": 5, "person": 5, "people": [1, 2, 3], "shops": [4], "territories": [1],
        "products": list(range(700, 760)), "unshipped": [], "returned_order": 0, "returned_line": 0,
        "returned_of": date(2024, 9, 2),
    }  # fmt: skip
    day = date(2024, 9, 2)
    assert make_plan(day, "1", pools).sql == make_plan(day, "1", pools).sql
    assert make_plan(day, "2", pools).sql != make_plan(day, "1", pools).sql
    made = make_plan(day, "1", pools)
    assert made.returned is None
    assert len(set(made.orders)) == len(made.orders) >= 8
    minutes = [minute for minute, _ in made.events]
    assert sorted(minutes) != minutes  # it is the SQL that follows the clock


def test_more_days_than_there_are_is_refused_before_any(stack, tmp_path):
    runs = len(stack.runs)
    with pytest.raises(UserError, match=r"DAYS=300 goes beyond 2024-12-31, .* there are \d+\."):
        SCENARIOS["day"].play(new_play(stack, tmp_path, {"days": "300"}))
    assert len(stack.runs) == runs


def test_the_day_after_the_last_order_is_next_and_orders_of_today_do_not_count(stack):
    ((last,),) = query(stack.source_dsn, "SELECT max(orderdate)::date FROM sales.salesorderheader")
    today, order = date(2024, 12, 30), "FROM sales.salesorderheader WHERE salesorderid = 101"
    with connect(stack.source_dsn) as connection, connection.cursor() as cursor:
        cursor.execute(f"CREATE TABLE public.kept AS SELECT * {order}")
        cursor.execute(
            f"UPDATE sales.salesorderheader SET orderdate = '{today}', duedate = '{today}', shipdate = NULL"
            " WHERE salesorderid = 101"
        )
    assert next_day(stack, today) == last + timedelta(days=1)
    with connect(stack.source_dsn) as connection, connection.cursor() as cursor:
        cursor.execute(
            "UPDATE sales.salesorderheader AS held SET orderdate = kept.orderdate, duedate = kept.duedate,"
            " shipdate = kept.shipdate FROM public.kept WHERE held.salesorderid = 101; DROP TABLE public.kept"
        )
    with pytest.raises(UserError, match=f"orders up to {last}, and .* is not over yet: there is no day left"):
        next_day(stack, last + timedelta(days=1))


@pytest.mark.parametrize("error", [KeyboardInterrupt, UserError("Airflow is gone")])
def test_what_a_scenario_broke_is_mended_whatever_ends_it(stack, tmp_path, monkeypatch, error):
    def fails(*_: Any) -> None:
        assert "price" in columns_of_product(stack)
        raise error

    monkeypatch.setattr(stack, "run", fails, raising=False)
    made = new_play(stack, tmp_path)
    with pytest.raises(KeyboardInterrupt if error is KeyboardInterrupt else UserError):
        SCENARIOS["schema-drift"].play(made)
    assert "price" not in columns_of_product(stack)
    assert isinstance(made.stage, Silent)
    assert made.stage.said == ["Undone: the column is called listprice again."]


def test_what_a_killed_simulate_left_is_mended_by_the_next(stack, tmp_path):
    made = new_play(stack, tmp_path)
    block = made.undone_after(Undo("the variable is as before.", variable="left", value="old"))
    block.__enter__()
    stack.variables["left"] = "new"
    assert oct(made.notes.stat().st_mode & 0o777) == "0o600"
    later = new_play(stack, tmp_path)
    later.mend_leftovers()
    assert stack.variables.pop("left") == "old"
    assert not made.notes.exists()
    assert isinstance(later.stage, Silent)
    assert later.stage.said == ["Undone: the variable is as before."]


def test_a_source_that_refuses_stays_as_it_is(stack, tmp_path):
    made = new_play(stack, tmp_path)
    made.begin("Nothing", "")
    with pytest.raises(
        UserError, match=r"The source refused what the scenario does \(division by zero\) and is as it was"
    ):
        made.change("DELETE FROM sales.salesorderdetail; SELECT 1 / 0")
    assert query(stack.source_dsn, "SELECT count(*) > 0 FROM sales.salesorderdetail") == [(True,)]


def columns_of_product(stack: Small) -> set[str]:
    rows = query(
        stack.source_dsn,
        "SELECT attname::text FROM pg_attribute WHERE attrelid = 'production.product'::regclass AND NOT attisdropped",
    )
    return {name for (name,) in rows}
