"""Both DAGs in a whole stack of their own: a full run, the changes of a day, the same day again, and a fault.

The first run, the working day of the README and the same day again are run by the commands that the README has.
"""

from __future__ import annotations

import itertools
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from bikes_store.dbt_tests import WARNINGS
from cli import airflow_client, changes, report, status, task_times
from cli.airflow_client import MAINTENANCE_DAG, STAGING_DAG, WAREHOUSE_DAG, Task
from cli.airflow_session import AirflowSession
from cli.changes import Change, Mark
from cli.database import connect, query
from cli.endpoints import OF_PROCESSES, SERVICES_OF_PROCESSES, Endpoints
from cli.names import BUCKETS, DATABASES
from cli.pages.menu import MENU
from cli.processes import airflow
from cli.processes.platform import Platform, remove
from cli.processes.postgres import find_binaries
from cli.processes.settings import Settings, generate_secrets
from cli.simulate.command import simulate
from tests.support import leaks
from tests.support.clone import copy_clone
from tests.support.compare import checksums
from tests.support.make import environment
from tests.support.pages import block, blocks
from tests.support.ports import free_ports
from tests.support.waiting import wait_for
from tests.support.web import Web, web_server

SLACK_TOKEN = "secret-of-slack"


@dataclass
class Running:
    """A stack that is up, and the messages that its webhook got."""

    settings: Settings
    home: Path
    endpoints: Endpoints
    airflow: airflow_client.Airflow
    slack: Web
    secrets: leaks.Secrets
    command_lines: dict[str, set[str]]
    screen: StringIO
    clone: Path
    spilled_before: int = 0
    held_before: Mark | None = None

    def sh(self, commands: str) -> str:
        """Run commands of the README in the clone whose demo this stack is; returns what they print."""
        made = environment(PATH=f"{find_binaries()}:{os.environ['PATH']}")
        done = subprocess.run(["sh", "-euc", commands], cwd=self.clone, env=made, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
        return done.stdout

    def tasks_of(self, day: date) -> tuple[str, list[Task]]:
        """The run of a day that was run by a command: its id, and the tasks of both DAGs."""
        runs = {dag: self.airflow.run_at(dag, f"{day}T00:00:00+00:00") for dag in (STAGING_DAG, WAREHOUSE_DAG)}
        looks = [airflow_client.look(self.airflow, dag, run["dag_run_id"]) for dag, run in runs.items() if run]
        assert [look.state for look in looks] == ["success", "success"]
        return looks[0].run_id, [task for look in looks for task in look.tasks]

    def told(self) -> list[str]:
        """The messages to Slack."""
        return [json.loads(request)["text"] for request in self.slack.requests]

    def set_variable(self, name: str, value: str) -> None:
        self.airflow.call("PATCH", f"/variables/{name}", {"key": name, "value": value})

    def execute(self, dsn: str, statement: str, *values: Any) -> None:
        with connect(dsn) as connection, connection.cursor() as cursor:
            cursor.execute(statement, values)

    def warehouse(self) -> dict[str, str]:
        """A checksum of each table of the warehouse."""
        return checksums(self.endpoints.warehouse_dsn)


@pytest.fixture(scope="module")
def platform(fast: Path) -> Iterator[Running]:
    home = fast / "e2e" / "demo"
    home.mkdir(parents=True)
    settings = Settings(home, free_ports(), generate_secrets())
    secrets = leaks.Secrets({**settings.secrets, "slack": SLACK_TOKEN})
    screen = StringIO()
    with web_server() as slack, leaks.in_command_lines(secrets) as command_lines:
        try:
            with Platform(settings, Console(file=screen)) as stack:
                stack.start(scale=1, dump=None, currency_url="", slack_webhook=f"{slack.url}/{SLACK_TOKEN}")
                endpoints = stack.endpoints()
                client = endpoints.airflow()
                airflow_client.wait_for_dags(client)
                clone = copy_clone(home.parent / "clone")
                endpoints.write(clone / ".demo" / OF_PROCESSES.name)
                endpoints.write_services(clone / ".demo" / SERVICES_OF_PROCESSES.name)
                yield Running(settings, home, endpoints, client, slack, secrets, command_lines, screen, clone)
        finally:
            remove(home)


@pytest.fixture(scope="module")
def first(platform: Running) -> tuple[str, list[Task]]:
    """The first run, of the latest day: all of the source, `warehouse_init`."""
    platform.screen.write(platform.sh("make run-pipeline"))
    return platform.tasks_of(today() - timedelta(days=1))


@pytest.fixture(scope="module")
def scenario(platform: Running, first: Any) -> str:
    """A change of one's own, and `make simulate SCENARIO=schema-drift`, whose last run brings it; returns what it says.

    The first day of all that Airflow can run, in full mode, as a newcomer has it.
    """
    *change, run = block("docs/simulate.md", "sh", "export PGSERVICEFILE").splitlines()
    assert run == "make run-pipeline"  # the command of the first run; the scenario takes its place here
    platform.sh("\n".join(change))
    path, screen = platform.home.parent / "endpoints.json", StringIO()
    platform.endpoints.write(path)
    assert simulate(Console(file=screen, width=110), {"SCENARIO": "schema-drift"}, path, lambda _: False) == 0
    assert (path.parent / "simulate.html").exists() and not list(path.parent.glob("simulate-*"))
    return " ".join(screen.getvalue().split())


@pytest.fixture(scope="module")
def second(platform: Running, scenario: str) -> tuple[str, list[Task]]:
    """The changes of one day, `warehouse`."""
    day = today() - timedelta(days=2)
    platform.set_variable("BIKES_STORE_STAGING_INCREMENTAL_MODE", "true")
    platform.set_variable("BIKES_STORE_WAREHOUSE_INIT", "no")
    source = platform.endpoints.source_dsn
    moment = datetime(day.year, day.month, day.day, 12)
    # Somebody corrects the quantity of an order line, and raises the price of a product.
    platform.execute(
        source,
        "UPDATE sales.salesorderdetail SET orderqty = orderqty + 1, modifieddate = %s"
        " WHERE salesorderdetailid = (SELECT max(salesorderdetailid) FROM sales.salesorderdetail)",
        moment,
    )
    platform.execute(
        source,
        "UPDATE production.product SET listprice = listprice + 1, modifieddate = %s WHERE productid = ("
        "SELECT max(productid) FROM sales.salesorderdetail JOIN production.product USING (productid)"
        " WHERE productline <> 'R')",
        moment,
    )
    platform.spilled_before = spilled_files(platform)
    platform.held_before = changes.mark(platform.endpoints.warehouse_dsn)
    platform.screen.write(platform.sh(f"make run-pipeline DATE={day}"))
    return platform.tasks_of(day)


def test_first_run_reconciles_and_takes_the_branch_that_makes_everything(platform, first):
    run_id, tasks = first
    assert report.make_report(platform.endpoints, run_id).agree
    assert groups_that_ran(tasks) == {"warehouse_init"}
    assert platform.told() == []


def test_dbts_documentation_is_in_airflows_menu(platform, first):
    """With the columns and types that the database has: dbt's manifest does not know them."""
    endpoints = platform.endpoints
    session = AirflowSession(endpoints.airflow_url, endpoints.airflow_user, endpoints.airflow_password)
    assert f'href="{endpoints.airflow_url}/cosmos/dbt_docs"' in session.request("GET", "/home").text
    page = session.request("GET", "/cosmos/dbt_docs_index.html")
    assert page.status_code == 200
    assert '"line_total": {"type": "numeric"' in page.text
    assert [task.state for task in first[1] if task.task_id == "dbt_docs"] == ["success"]


def test_logs_are_read_from_the_lake(platform, first):
    run_id, tasks = first
    shutil.rmtree(platform.home / "airflow" / "logs" / f"dag_id={STAGING_DAG}")
    log = platform.airflow.log(next(task for task in tasks if task.task_id == "load.db.salesorderdetail"), run_id)
    assert "Found logs in s3" in log
    assert "salesorderdetail" in log


def test_the_output_is_that_of_the_readme(platform, first):
    """Line by line, but for how long each took and what this machine calls its pages."""
    (sample,) = (each.text for each in blocks("text") if each.page == "README.md" and "Money" in each.text)
    said = [line.rstrip() for line in platform.screen.getvalue().splitlines()]
    promised = [line for line in sample.splitlines() if line.startswith(("Rows", "Money", "✓", *"┏┃┡│└"))]
    assert len(promised) > 12
    assert [line for line in promised if line not in said] == []
    # "… 39 of 39 tasks done, 42 s: success"
    ended = [re.sub(r", \d+ s: ", ", … s: ", line) for line in sample.splitlines() if line.endswith("s: success")]
    assert len(ended) == 2
    assert [line for line in ended if line not in [re.sub(r", \d+ s: ", ", … s: ", each) for each in said]] == []
    assert {page.name for page in (platform.clone / ".demo").glob("*.html")} == {f"{name}.html" for name in MENU}


def test_a_scenario_breaks_the_source_shows_the_failure_and_mends_it(platform, scenario):
    assert "task extract.db.production.product failed after 1 try: The source does not keep its contract" in scenario
    assert 'for production.product: column "listprice" does not exist; change the source back' in scenario
    assert "Undone: the column is called listprice again." in scenario
    assert scenario.count("both DAGs succeeded") == 1
    # The order that came in on that day waited for the run that succeeded.
    orders = "SELECT count(DISTINCT nk_sales_order) FROM warehouse.fact_order JOIN warehouse.dim_date"
    assert query(
        platform.endpoints.warehouse_dsn, f"{orders} ON sk_order_date = sk_date WHERE nk_date >= '2024-09-01'"
    ) == [(1,)]


def test_a_change_of_ones_own(platform, scenario):
    """Its query, and what docs/simulate.md says of it."""
    rows = query(platform.endpoints.warehouse_dsn, block("docs/simulate.md", "sql", "SELECT nk_product"))
    versions = [list(each) for _, each in itertools.groupby(rows, key=lambda row: row[0])]
    assert len(versions) > 10
    for (_, old_price, _, old_end), (_, new_price, new_start, new_end) in versions:
        assert new_price == pytest.approx(old_price * Decimal("1.1"))
        assert (old_end, new_end) == (new_start, None)
    # "No order has moved to it, since all orders are older."
    moved = (
        "SELECT count(*) FROM warehouse.fact_order JOIN warehouse.dim_product USING (sk_product)"
        " WHERE product_line = 'R' AND dbt_valid_to IS NULL"
    )
    assert query(platform.endpoints.warehouse_dsn, moved) == [(0,)]


@pytest.mark.parametrize(
    "found", [each for each in blocks("sql") if "runbooks" in each.page], ids=lambda each: each.page
)
def test_queries_of_the_runbooks_run(platform, first, found):
    query(platform.endpoints.warehouse_dsn, found.text)


def test_second_run_takes_the_changes_and_the_daily_branch(platform, second):
    run_id, tasks = second
    made = report.make_report(platform.endpoints, run_id)
    assert made.agree
    assert {count.name.split(".")[1]: count.lake for count in made.counts if count.is_slice and count.lake} == {
        "salesorderdetail": 1,
        "product": 1,
    }
    assert groups_that_ran(tasks) == {"warehouse"}
    # The order is older than the new price, so its line still has the version that was valid then.
    assert query(
        platform.endpoints.warehouse_dsn,
        "SELECT count(*), count(*) FILTER (WHERE dbt_valid_to IS NULL) FROM warehouse.dim_product"
        " WHERE product_line <> 'R' GROUP BY nk_product HAVING count(*) > 1",
    ) == [(2, 1)]


def test_the_report_says_what_the_second_run_changed(platform, second):
    found = changes.since(platform.held_before, platform.endpoints.warehouse_dsn)
    assert found.staging == [Change("production.product", 0, 1, 0), Change("sales.salesorderdetail", 0, 1, 0)]
    models = {change.table: change for change in found.models}
    # The new price is a version, and the old one ends; the order is built again, with all its lines.
    product, order = models["dim_product"], models["fact_order"]
    assert (product.inserted, product.updated, product.deleted) == (1, 1, 0)
    assert order.inserted == order.deleted and order.before == order.now
    assert "dim_customer" not in models


def test_the_report_says_what_warned_and_where_the_time_went(platform, second):
    _, tasks = second
    warned = [line for task in tasks if (line := platform.airflow.xcom(task, WARNINGS))]
    assert [line.split(":")[0] for line in warned] == ["order_subtotals_equal_their_lines"]
    upstream = {dag_id: platform.airflow.upstream(dag_id) for dag_id in (STAGING_DAG, WAREHOUSE_DAG)}
    times = task_times.task_times(tasks, upstream)
    assert len(times) > 50 and all(each.ran > 0 for each in times)
    assert sum(each.waited for each in times) > 0


def test_a_run_ends_with_the_data_tests_alone(platform, second):
    (task,) = (task for task in second[1] if task.task_id == "warehouse.bikes_store_warehouse_test")
    log = platform.airflow.log(task, task.run_id)
    assert "START test " in log and "START unit_test " not in log


def test_maintenance_has_run_by_itself(platform, first):
    """It comes with the start of Airflow, and touches nothing that the runs need."""
    (run,) = platform.airflow.last_runs(MAINTENANCE_DAG, 1)
    *_, last = airflow_client.follow_run(platform.airflow, MAINTENANCE_DAG, run["dag_run_id"])
    assert last.state == "success"


def test_status_shows_the_runs_and_that_every_table_is_fresh(platform, second, tmp_path, monkeypatch):
    platform.endpoints.write(tmp_path / "endpoints.json")
    monkeypatch.setenv("ENDPOINTS", str(tmp_path / "endpoints.json"))
    console = Console(width=200, no_color=True)
    with console.capture() as screen:
        assert status.status(console) == 0
    text = screen.get()
    ((lines,),) = query(platform.endpoints.source_dsn, "SELECT count(*) FROM sales.salesorderdetail")
    assert second[0] in text and MAINTENANCE_DAG in text and f"{lines:,}" in text
    assert lines > 121317
    assert "✗ sales" not in text and "can't be asked" not in text


def test_no_statement_of_a_daily_run_spills(platform, second):
    """An estimate that is wrong by millions made a snapshot of 20,000 rows write 16,384 temporary files."""
    assert spilled_files(platform) - platform.spilled_before < 1000


def spilled_files(platform: Running) -> int:
    """How many temporary files the warehouse has written since it was made."""
    files = "SELECT temp_files FROM pg_stat_database WHERE datname = 'warehouse'"
    return int(query(platform.endpoints.warehouse_dsn, files)[0][0])


def test_a_test_that_warns_is_told_apart(platform, second):
    """The order's lines no longer add up to its header. Only the source can correct that."""
    (told,) = (message for message in platform.told() if second[0] in message)
    assert told.startswith(":warning: *bikes_store_warehouse*: task *warehouse.bikes_store_warehouse_test* succeeded")
    assert "order_subtotals_equal_their_lines: 1 row, the first:" in told


def test_a_backfill_changes_nothing_that_is_there_and_takes_turns_with_a_run_by_hand(platform, second):
    """Of a day without changes. Somebody starts a warehouse run while it loads: that begins after the loads, and is
    built first.
    """
    before = platform.warehouse()
    assert len(before) > 20
    day = (today() - timedelta(days=3)).isoformat()
    command = [str(Path(sys.prefix) / "bin" / "airflow"), "dags", "backfill", STAGING_DAG, "-s", day, "-e", day]
    environment = {**os.environ, **airflow.environment(platform.settings)}
    with (platform.home / "backfill.log").open("w") as log:
        backfill = subprocess.Popen(command, env=environment, stdout=log, stderr=subprocess.STDOUT)
        staged = wait_for(lambda: platform.airflow.run_at(STAGING_DAG, f"{day}T00:00:00+00:00"), backfill, 120)
        run_id = staged["dag_run_id"]
        wait_for(lambda: [task for task in loads(platform, run_id) if task.state == "running"], backfill, 120)
        by_hand = platform.airflow.call("POST", f"/dags/{WAREHOUSE_DAG}/dagRuns", {})["dag_run_id"]
        assert backfill.wait(900) == 0, (platform.home / "backfill.log").read_text()[-3000:]
    built = platform.airflow.run_at(WAREHOUSE_DAG, f"{day}T00:00:00+00:00")
    assert (built["state"], built["run_type"]) == ("success", "manual")
    *_, other = airflow_client.follow_run(platform.airflow, WAREHOUSE_DAG, by_hand)
    assert other.state == "success"
    (gate,) = (task for task in other.tasks if task.task_id == "check_is_warehouse_init")
    assert gate.end
    assert gate.end > max(task.end for task in loads(platform, run_id))
    assert platform.warehouse() == before


def test_a_test_that_fails_is_told_once_with_its_rows(platform, second):
    """A cent too much: the run fails without a retry, and Slack gets the name of the test and the order.

    Meanwhile somebody clears a load. It waits until the run has ended.
    """
    dsn = platform.endpoints.warehouse_dsn
    ((order, line),) = query(
        dsn, "SELECT nk_sales_order, nk_sales_order_detail FROM warehouse.fact_order ORDER BY 2 LIMIT 1"
    )
    platform.execute(
        dsn, "UPDATE warehouse.fact_order SET tax_amount = tax_amount + 0.01 WHERE nk_sales_order_detail = %s", line
    )
    run_id = platform.airflow.call("POST", f"/dags/{WAREHOUSE_DAG}/dagRuns", {})["dag_run_id"]
    cleared = {"dry_run": False, "task_ids": ["load.db.store"], "dag_run_id": second[0], "only_failed": False}
    cleared["reset_dag_runs"] = True  # as the UI does
    for progress in airflow_client.follow_run(platform.airflow, WAREHOUSE_DAG, run_id):
        if any("." in task for task in progress.running) and cleared:
            platform.airflow.call("POST", f"/dags/{STAGING_DAG}/clearTaskInstances", cleared)
            cleared = {}
    *_, again = airflow_client.follow_run(platform.airflow, STAGING_DAG, second[0])
    (load,) = (task for task in again.tasks if task.task_id == "load.db.store")
    assert load.end
    assert load.end > max(task.end for task in progress.tasks if task.end)
    assert [(task.task_id, task.try_number) for task in progress.failed] == [
        ("warehouse.bikes_store_warehouse_test", 1)
    ]
    assert [task.state for task in progress.tasks if task.task_id == "dbt_docs"] == ["skipped"]
    (told,) = (message for message in platform.told() if run_id in message)
    assert told.startswith(":red_circle:")
    assert "order_amounts_equal_their_headers: 1 row, the first:" in told
    assert f"nk_sales_order={order}, tax_difference=0.0100" in told
    assert "1 more only warn.\norder_subtotals_equal_their_lines: 1 row" in told


def test_no_secret_is_where_it_can_be_read(platform, second):
    """Screen, `ps`, logs, lake, metadata with rendered templates, XCom, events: after runs that ended in each way."""
    secrets, settings = platform.secrets, platform.settings
    assert secrets.named_in(platform.screen.getvalue().encode()) == set()
    assert platform.command_lines == {}
    logs = [*settings.home.glob("logs/*"), *settings.home.glob("airflow/logs/**/*")]
    assert len(logs) > 10
    assert leaks.in_files(secrets, logs) == {}
    assert leaks.in_lake(secrets, platform.endpoints.lake(), BUCKETS.values()) == {}
    metadata = settings.dsn(DATABASES["airflow"])
    for table in ("rendered_task_instance_fields", "xcom", "log"):
        assert query(metadata, f"SELECT count(*) > 10 FROM {table}") == [(True,)], table
    assert leaks.in_database(secrets, metadata) == {}
    # What holds a secret, because a service reads it there, is for its owner alone.
    open_files = [path for path in settings.home.rglob("*") if path.is_file() and path.stat().st_mode & 0o077]
    assert leaks.in_files(secrets, open_files) == {}


def loads(platform: Running, run_id: str) -> list[Any]:
    """The loads of a staging run."""
    tasks = airflow_client.look(platform.airflow, STAGING_DAG, run_id).tasks
    return [task for task in tasks if task.task_id.startswith("load.")]


def today() -> date:
    return datetime.now(timezone.utc).date()


def groups_that_ran(tasks: list[Task]) -> set[str]:
    return {
        task.task_id.split(".")[0] for task in tasks if task.dag_id == WAREHOUSE_DAG and task.state == "success"
    } - {"check_is_warehouse_init", "dbt_docs"}
