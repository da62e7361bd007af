"""Services of a whole platform die or go away while both DAGs run."""

from __future__ import annotations

import time

import pytest
import redis

from cli.airflow_client import STAGING_DAG, WAREHOUSE_DAG
from cli.processes import broker


@pytest.mark.parametrize(
    ("database", "table", "mode"),
    [
        pytest.param(
            "source",
            "sales.salesorderdetail",
            "ACCESS EXCLUSIVE",
            marks=pytest.mark.fault("worker-extract"),
            id="extract",
        ),
        pytest.param(
            "hurt",
            "bikes_store_staging.salesorderdetail",
            "EXCLUSIVE",
            marks=pytest.mark.fault("worker-load"),
            id="load",
        ),
        pytest.param("hurt", "warehouse.fact_order", "SHARE", marks=pytest.mark.fault("worker-dbt"), id="fact"),
        pytest.param("hurt", "warehouse.mart_sales_daily", "SHARE", marks=pytest.mark.fault("worker-dbt"), id="mart"),
    ],
)
def test_worker_is_killed(stack, database, table, mode):
    run_id = stack.start()
    with stack.held(getattr(stack.twins, database), table, mode):
        stack.kill("worker")
    stack.restart("worker")
    stack.assert_right(run_id)
    assert stack.told() == []


@pytest.mark.fault("scheduler")
@pytest.mark.parametrize("where", ["staging", "warehouse"])
def test_scheduler_is_killed(stack, where):
    run_id = stack.start()
    table = {"staging": "bikes_store_staging.product", "warehouse": "warehouse.dim_product"}[where]
    with stack.held(stack.twins.hurt, table, "SHARE"):
        stack.kill("scheduler")
    time.sleep(5)  # the task ends while nobody schedules
    stack.restart("scheduler")
    stack.assert_right(run_id)
    assert stack.told() == []


@pytest.mark.fault("broker-restarted")
def test_broker_is_killed(stack):
    run_id = stack.start()
    with stack.held(stack.twins.source, "sales.salesorderdetail", "ACCESS EXCLUSIVE"):
        stack.kill("broker")
        time.sleep(3)
        stack.restart("broker")
    stack.assert_right(run_id)
    assert stack.told() == []


@pytest.mark.fault("broker-emptied")
def test_broker_is_emptied(stack):
    """While more tasks are queued than the worker can take: their messages are lost."""
    run_id = stack.start()
    with stack.held(stack.twins.source, "person.person", "ACCESS EXCLUSIVE"):
        stack.wait(lambda: "queued" in stack.tasks(run_id).values(), "a task is queued", 30)
        redis.Redis.from_url(broker.url(stack.settings)).flushall()
    stack.assert_right(run_id)
    assert stack.told() == []


@pytest.mark.fault("postgres-restarted")
@pytest.mark.parametrize("where", ["extract", "load", "dbt"])
def test_postgresql_is_restarted(stack, where):
    """The server of all three databases: Airflow's own, the source, the warehouse."""
    run_id = stack.start()
    database, table, mode = {
        "extract": (stack.twins.source, "sales.salesorderdetail", "ACCESS EXCLUSIVE"),
        "load": (stack.twins.hurt, "bikes_store_staging.salesorderdetail", "EXCLUSIVE"),
        "dbt": (stack.twins.hurt, "warehouse.fact_order", "SHARE"),
    }[where]
    with stack.held(database, table, mode):
        stack.services.supervisor.stop("postgres")
        time.sleep(3)
        stack.restart("postgres")
    stack.assert_right(run_id)
    assert stack.told() == []


@pytest.mark.fault("database-refuses")
@pytest.mark.parametrize("database", ["source", "hurt"])
def test_database_takes_no_connections_for_a_while(stack, database):
    first = {"source": "extract.db.", "hurt": "load.db."}[database]
    with stack.twins.no_connections(getattr(stack.twins, database)):
        run_id = stack.start()

        def is_tried_again():
            states = stack.tasks(run_id)
            return any(name.startswith(first) and state == "up_for_retry" for name, state in states.items())

        stack.wait(is_tried_again, "a task is to be tried again")
    stack.assert_right(run_id)
    assert stack.told() == []


@pytest.mark.fault("alert")
def test_what_no_retry_mends_is_told_once(stack):
    """The warehouse is closed to everybody until a task has used all its tries. Then somebody clears what failed."""
    run_id = stack.start()
    table = "bikes_store_staging.product"
    with stack.held(stack.twins.hurt, table, "EXCLUSIVE"):
        stack.wait(lambda: stack.tasks(run_id)["load.api.currency"] == "success", "the currencies are loaded")
        closed = stack.twins.no_connections(stack.twins.hurt)
        closed.__enter__()
    try:
        stack.wait(lambda: stack.state(run_id) == "failed", "the run fails")
        (failed,) = (name for name, state in stack.tasks(run_id).items() if state == "failed")
        (told,) = stack.told()
        assert f"*{STAGING_DAG}*: task *{failed}* failed" in told
        assert "is not currently accepting connections" in told
    finally:
        closed.__exit__(None, None, None)
    assert stack.state(run_id, WAREHOUSE_DAG) == ""
    stack.clear_failed(run_id)
    stack.assert_right(run_id)
    assert len(stack.told()) == 1


@pytest.mark.fault("lake-extract")
def test_lake_is_away_during_the_extract(stack):
    stack.kill("lake")
    run_id = stack.start()
    stack.wait(lambda: "up_for_retry" in stack.tasks(run_id).values(), "a task is to be tried again")
    stack.restart("lake")
    stack.assert_right(run_id)
    assert stack.told() == []


@pytest.mark.fault("lake-load")
def test_lake_is_away_during_the_load(stack):
    run_id = stack.start()
    with stack.held(stack.twins.hurt, "bikes_store_staging.product", "EXCLUSIVE"):
        stack.kill("lake")
    stack.wait(lambda: "up_for_retry" in stack.tasks(run_id).values(), "a task is to be tried again")
    stack.restart("lake")
    stack.assert_right(run_id)
    assert stack.told() == []


@pytest.mark.fault("lake-log")
def test_lake_is_away_when_logs_are_written(stack):
    """dbt's tasks need the lake for nothing else. Their logs stay on the worker."""
    run_id = stack.start()
    with stack.held(stack.twins.hurt, "warehouse.fact_order", "SHARE"):
        stack.kill("lake")
    stack.wait(lambda: stack.state(run_id, WAREHOUSE_DAG) == "success", "the warehouse run ends")
    stack.restart("lake")
    stack.assert_right(run_id)
    assert stack.told() == []


@pytest.mark.fault("two-runs-of-a-day")
def test_two_runs_of_one_day(stack):
    first = stack.start()
    second = stack.start(same_day=True)
    stack.assert_right(first)
    stack.assert_right(second)
    assert stack.told() == []


@pytest.mark.fault("cleared-while-it-runs")
def test_a_run_is_cleared_ten_times_while_it_runs(stack):
    run_id = stack.start()
    for _ in range(10):
        time.sleep(2)
        stack.clear(run_id)
    stack.assert_right(run_id)
    assert [told for told in stack.told() if ":red_circle:" in told] == []
