"""Services of a whole platform die or go away while both DAGs run: in one run at each of its stages."""

from __future__ import annotations

import time

import pytest
import redis

from cli.airflow_client import STAGING_DAG, WAREHOUSE_DAG
from cli.processes import broker


@pytest.mark.fault("worker")
def test_worker_is_killed(stack):
    run_id = stack.start()
    for stage in ("extract", "load", "fact", "mart"):
        with stack.held(stage):
            stack.kill("worker")
            stack.restart("worker")
    stack.assert_right(run_id)
    assert stack.told() == []


@pytest.mark.fault("scheduler")
def test_scheduler_is_killed(stack):
    run_id = stack.start()
    for stage in ("extract", "load", "fact"):
        with stack.held(stage):
            stack.kill("scheduler")
        time.sleep(3)  # the task ends while nobody schedules
        stack.restart("scheduler")
    stack.assert_right(run_id)
    assert stack.told() == []


@pytest.mark.fault("broker-emptied")
@pytest.mark.fault("broker-restarted")
def test_broker_is_emptied_and_killed(stack):
    """More tasks are queued than the worker can take, so messages are lost."""
    run_id = stack.start()
    with stack.held("first extract"):
        stack.wait(lambda: "queued" in stack.tasks(run_id).values(), "a task is queued")
        redis.Redis.from_url(broker.url(stack.settings)).flushall()
    for stage in ("extract", "fact"):
        with stack.held(stage):
            stack.kill("broker")
            time.sleep(3)
            stack.restart("broker")
    stack.assert_right(run_id)
    assert stack.told() == []


@pytest.mark.fault("postgres")
def test_postgresql_is_restarted(stack):
    """The server of all three databases: Airflow's own, the source, the warehouse."""
    run_id = stack.start()
    for stage in ("extract", "load", "fact"):
        with stack.held(stage):
            stack.stop("postgres")
            time.sleep(3)
            stack.restart("postgres")
    stack.assert_right(run_id)
    assert stack.told() == []


@pytest.mark.fault("database-refuses")
def test_database_takes_no_connections_for_a_while(stack):
    stack.twins.a_day()
    with stack.twins.no_connections(stack.twins.source):
        run_id = stack.start_run()
        stack.wait_for_retry(run_id, "extract.db.")
    with stack.twins.no_connections(stack.twins.hurt):
        stack.wait_for_retry(run_id, "load.db.")
    stack.assert_right(run_id)
    assert stack.told() == []


@pytest.mark.fault("alert")
def test_what_no_retry_mends_is_told_once(stack):
    """The warehouse is closed to everybody until a task has used all its tries. Then somebody clears what failed."""
    run_id = stack.start()
    stack.wait(lambda: stack.tasks(run_id)["load.api.currency"] == "success", "the currencies are loaded")
    with stack.twins.no_connections(stack.twins.hurt):
        stack.wait(lambda: stack.state(run_id) == "failed", "the run fails")
    (failed,) = (name for name, state in stack.tasks(run_id).items() if state == "failed")
    (told,) = stack.told()
    assert f"*{STAGING_DAG}*: task *{failed}* failed" in told
    assert "is not currently accepting connections" in told
    assert stack.state(run_id, WAREHOUSE_DAG) == ""
    stack.clear_failed(run_id)
    stack.assert_right(run_id)
    assert stack.told() == [told]


@pytest.mark.fault("lake")
@pytest.mark.fault("lake-log")
def test_lake_is_killed(stack):
    """In the extracts, in the loads, and when dbt's tasks write their logs, for which alone they need it."""
    run_id = stack.start()
    for stage, tasks in (("extract", "extract.db."), ("load", "load.db.")):
        with stack.held(stage):
            stack.kill("lake")
        stack.wait_for_retry(run_id, tasks)
        stack.restart("lake")
    with stack.held("fact"):
        stack.kill("lake")
    stack.wait(lambda: stack.state(run_id, WAREHOUSE_DAG) == "success", "the warehouse run ends")
    stack.restart("lake")
    stack.assert_right(run_id)
    assert stack.told() == []


@pytest.mark.fault("two-runs-of-a-day")
def test_two_runs_of_one_day(stack):
    first = stack.start()
    second = stack.start(same_day=True)
    stack.assert_success(first)
    stack.assert_right(second)
    assert stack.told() == []


@pytest.mark.fault("cleared-while-it-runs")
def test_a_run_is_cleared_ten_times_while_it_runs(stack):
    run_id = stack.start()
    for _ in range(10):
        time.sleep(3)
        stack.clear(run_id)
    stack.assert_right(run_id)
    assert stack.told() == []
