"""What Slack is told, and how a task ends after dbt's tests."""

from __future__ import annotations

import json
from types import SimpleNamespace

import pytest
from airflow.exceptions import AirflowFailException
from airflow.jobs.scheduler_job_runner import SchedulerJobRunner

from bikes_store import alerts
from bikes_store.airflow_glue import stats
from bikes_store.airflow_glue.callbacks import alert_slack, report_dbt_tests, send_unsent_alerts
from bikes_store.airflow_glue.connections import slack_webhook
from bikes_store.dbt_tests import WARNINGS
from cli.processes.postgres import psql
from tests.support.web import web_server

FAILED = {
    "task_instance": SimpleNamespace(
        dag_id="bikes_store_staging", task_id="load.db.store", run_id="r1", try_number=3, log_url="http://airflow/log"
    ),
    "exception": ValueError("no such store"),
}


@pytest.fixture
def sent(monkeypatch):
    """The gauges that were sent to StatsD."""
    gauges: dict[str, float] = {}
    monkeypatch.setattr(stats.Stats, "gauge", gauges.__setitem__)
    return gauges


@pytest.fixture(autouse=True)
def log_folder(tmp_path, monkeypatch):
    """The outbox of alerts is in it."""
    monkeypatch.setenv("AIRFLOW__LOGGING__BASE_LOG_FOLDER", str(tmp_path / "logs"))


@pytest.fixture
def slack(airflow_environment):
    """A webhook that the connection of Slack leads to."""
    with web_server() as web:
        value = {"conn_type": "slackwebhook", "password": web.url}
        airflow_environment.setenv("AIRFLOW_CONN_SLACK-NOTIFIER", json.dumps(value))
        yield web


def test_alert_reaches_the_webhook_of_the_connection(slack):
    alert_slack(FAILED)
    (request,) = slack.requests
    text = json.loads(request)["text"]
    for part in ("bikes_store_staging", "load.db.store", "r1", "try 3", "no such store", "http://airflow/log"):
        assert part in text


def test_a_task_whose_process_died_is_told_in_a_sentence(slack):
    """Airflow's scheduler gives a text in place of an exception."""
    ti = SimpleNamespace(
        **vars(FAILED["task_instance"]), map_index=-1, hostname="worker-2", external_executor_id="0a1b"
    )
    details = SchedulerJobRunner._generate_zombie_message_details(ti)  # noqa: SLF001
    alert_slack({**FAILED, "exception": str(details)})
    alert_slack({**FAILED, "exception": "Executor reported that the task failed"})
    first, second = (json.loads(request)["text"] for request in slack.requests)
    assert "```The task's process on worker-2 gave no sign of life any more: it was killed" in first
    assert "{" not in first
    assert "```Executor reported that the task failed```" in second


def test_an_alert_that_slack_did_not_take_is_counted_and_sent_after_a_task_that_succeeds(slack, sent, monkeypatch):
    monkeypatch.setattr(alerts, "PAUSE", 0)
    slack.answers = [(503, b"down"), (503, b"down"), (200, b"ok")]
    alert_slack(FAILED)
    assert list(sent.values()) == [1]
    assert next(iter(sent)).startswith("bikes_store.alerts.unsent.")
    send_unsent_alerts({})
    assert list(sent.values()) == [0]
    assert "load.db.store" in json.loads(slack.requests[2])["text"]


@pytest.mark.parametrize("password", ["T0/B0/x", "/T0/B0/x"])
def test_webhook_may_be_split_into_host_and_token(airflow_environment, password):
    value = {"conn_type": "slackwebhook", "host": "https://hooks.example.com/services/", "password": password}
    airflow_environment.setenv("AIRFLOW_CONN_SLACK-NOTIFIER", json.dumps(value))
    assert slack_webhook() == "https://hooks.example.com/services/T0/B0/x"


def test_alert_without_webhook_says_so(airflow_environment, caplog):
    airflow_environment.setenv("AIRFLOW_CONN_SLACK-NOTIFIER", json.dumps({"conn_type": "slackwebhook", "password": ""}))
    alert_slack(FAILED)
    assert "No Slack webhook is set" in caplog.text


@pytest.fixture
def reconciliation(databases):
    """The table that dbt builds, made by hand: a line and a cent are missing in the warehouse."""
    psql(databases[1]).run(
        statement="CREATE SCHEMA warehouse; CREATE TABLE warehouse.mart_reconciliation AS"
        " SELECT measure, staged, built, abs(staged - built) AS difference FROM (VALUES"
        " ('order_lines', 3::numeric, 2::numeric), ('revenue', 7.98, 3.99), ('total_due', 8.82, 8.81)"
        ") AS measures (measure, staged, built)",
    )
    yield
    psql(databases[1]).run(statement="DROP SCHEMA warehouse CASCADE")


CODE = "SELECT 7 AS nk_order, 1 AS n UNION ALL SELECT 8, 2"


def found(project, status, failures=0, message="", code=CODE, node="test.shop.order_amounts.0a1b"):
    """Leave the result of one of dbt's tests where dbt does; its query selects two rows."""
    result = {
        "unique_id": node,
        "status": status,
        "failures": failures,
        "message": message,
        "compiled_code": code,
    }
    (project / "target").mkdir()
    (project / "target" / "run_results.json").write_text(json.dumps({"results": [result]}))
    return str(project)


def test_a_command_without_tests_reports_nothing(tmp_path, slack, sent):
    report_dbt_tests(str(tmp_path), FAILED)
    assert (sent, slack.requests) == ({}, [])


def test_tests_that_passed_are_only_counted(tmp_path, slack, sent, reconciliation):
    report_dbt_tests(found(tmp_path, "pass"), FAILED)
    assert sent.pop("bikes_store.warehouse.good_at") > 1.7e9
    assert sent == {
        "bikes_store.warehouse.tests_failed": 0,
        "bikes_store.warehouse.tests_warned": 0,
        "bikes_store.warehouse.difference_lines": 1,
        "bikes_store.warehouse.difference_total_due": 0.01,
    }
    assert slack.requests == []


def test_a_test_that_warns_is_told_to_slack_and_to_the_report(tmp_path, slack, sent, reconciliation):
    left = {}
    ti = SimpleNamespace(**vars(FAILED["task_instance"]), xcom_push=lambda key, value: left.update({key: value}))
    report_dbt_tests(found(tmp_path, "warn", 2), {**FAILED, "task_instance": ti})
    (request,) = slack.requests
    text = json.loads(request)["text"]
    assert left == {WARNINGS: "order_amounts: 2 rows, the first:\n  nk_order=7, n=1\n  nk_order=8, n=2"}
    assert text.startswith(":warning: *bikes_store_staging*: task *load.db.store* succeeded, but")
    assert "order_amounts: 2 rows, the first:\n  nk_order=7, n=1\n  nk_order=8, n=2" in text
    assert sent["bikes_store.warehouse.tests_warned"] == 1


def test_a_test_that_fails_fails_the_task_at_once_with_its_rows(tmp_path, slack, sent, reconciliation):
    with pytest.raises(AirflowFailException) as failure:
        report_dbt_tests(found(tmp_path, "fail", 2), FAILED)
    assert str(failure.value).splitlines() == [
        "1 of dbt's tests failed.",
        "order_amounts: 2 rows, the first:",
        "  nk_order=7, n=1",
        "  nk_order=8, n=2",
    ]
    assert sent["bikes_store.warehouse.tests_failed"] == 1
    assert "bikes_store.warehouse.good_at" not in sent


def test_a_finding_whose_rows_can_not_be_read_is_told_without_them(tmp_path, slack, sent, reconciliation):
    with pytest.raises(AirflowFailException, match=r"1 of dbt's tests failed\.\norder_amounts: 2 rows$"):
        report_dbt_tests(found(tmp_path, "fail", 2, code="SELECT * FROM warehouse.gone"), FAILED)


def test_a_test_that_could_not_run_is_left_to_cosmos(tmp_path, slack, sent, reconciliation):
    report_dbt_tests(found(tmp_path, "error", message="relation does not exist"), FAILED)
    assert sent["bikes_store.warehouse.tests_failed"] == 1
    assert slack.requests == []


@pytest.mark.parametrize("node", ["model.shop.dim_x", "test.shop.order_amounts.0a1b"])
@pytest.mark.parametrize(
    ("message", "again"),
    [
        ('Database Error in model dim_x (models/dim_x.sql)\n  syntax error at or near "FORM"\n  LINE 3: FORM x', False),
        ('Database Error in model dim_x (models/dim_x.sql)\n  column "nme" does not exist', False),
        ("Compilation Error in model dim_x (models/dim_x.sql)\n  'reff' is undefined", False),
        ('Database Error in model dim_x (models/dim_x.sql)\n  relation "warehouse.dim_y" does not exist', True),
        ("Database Error in model dim_x (models/dim_x.sql)\n  server closed the connection unexpectedly", True),
        ("Database Error in model dim_x (models/dim_x.sql)\n  deadlock detected", True),
    ],
)
def test_wrong_sql_of_a_model_or_a_test_is_not_tried_again(tmp_path, slack, reconciliation, node, message, again):
    project = found(tmp_path, "error", message=message, node=node)
    if again:
        report_dbt_tests(project, FAILED)
    else:
        with pytest.raises(AirflowFailException, match="The SQL is wrong, so a retry does not help") as failure:
            report_dbt_tests(project, FAILED)
        assert f"{node}: {message}" in str(failure.value)


def test_a_warehouse_without_the_table_fails_at_once_with_a_sentence(tmp_path, slack, sent):
    with pytest.raises(AirflowFailException, match=r"has no table warehouse.mart_reconciliation: run the task mart_"):
        report_dbt_tests(found(tmp_path, "pass"), FAILED)
    assert sent == {}
