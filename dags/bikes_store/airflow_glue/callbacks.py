"""What Airflow and Cosmos call around a task. It tells Slack of failures and warnings."""

from __future__ import annotations

import time
from contextlib import closing, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from airflow.configuration import conf
from airflow.exceptions import AirflowFailException
from airflow.utils.net import get_hostname

from bikes_store.airflow_glue import connections
from bikes_store.airflow_glue.failures import describe_failure, no_retry_when_refused
from bikes_store.airflow_glue.stats import send_gauges
from bikes_store.outbox import Outbox

if TYPE_CHECKING:
    from bikes_store.dbt_results import Result


def alert_slack(context: Any) -> None:
    """Tell Slack that a task failed. This never raises, so the state of the task stays as it is.

    :param context: Airflow's context of the task.
    """
    _tell_slack(context, describe_failure(context.get("exception")))


def send_unsent_alerts(context: Any) -> None:
    """Tell Slack what it did not take when a task failed. A task that succeeds calls this. It never raises.

    :param context: Airflow's context of the task.
    """
    outbox = _outbox()
    if not outbox.folder.exists():  # as good as always, and then this costs nothing
        return
    from bikes_store import alerts

    alerts.send_unsent(connections.slack_webhook(), outbox)
    _count_unsent(outbox)


def report_dbt_tests(project_directory: str, context: Any) -> None:
    """Report what dbt's tests found. Cosmos calls this after each dbt command.

    A warning goes to Slack. A test that fails makes the task fail at once, because it would find the same rows again.
    So does a model or a test whose SQL is wrong. What could not run for another reason is left to Cosmos, which fails
    the task in a way that Airflow retries.

    :param project_directory: Cosmos' copy of the dbt project. The command left its results in target/.
    :param context: Airflow's context of the task.
    :raises AirflowFailException: when tests failed, SQL is wrong, or the warehouse has no table
        ``mart_reconciliation``.
    """
    from bikes_store import dbt_tests, metrics
    from bikes_store.dbt_results import read_results
    from bikes_store.reconciliation import read_reconciliation

    results = read_results(Path(project_directory))
    findings = dbt_tests.find(results)
    if findings is None:
        _fail_when_sql_is_wrong(results)
        return
    with no_retry_when_refused(), closing(connections.connect(connections.WAREHOUSE)) as warehouse:
        differences = {name: measure.difference for name, measure in read_reconciliation(warehouse).items()}
        send_gauges(metrics.of_warehouse(findings, differences, time.time()))
        findings = [dbt_tests.with_examples(finding, warehouse) for finding in findings]
    if any(finding.status == "error" for finding in findings):
        _fail_when_sql_is_wrong(results)
        return
    failed = [finding for finding in findings if finding.status == "fail"]
    warnings = [finding for finding in findings if finding.status == "warn"]
    if failed:
        text = f"{len(failed)} of dbt's tests failed.\n{dbt_tests.describe(failed)}"
        if warnings:
            text += f"\n{len(warnings)} more only warn.\n{dbt_tests.describe(warnings)}"
        raise AirflowFailException(text)
    if warnings:
        text = dbt_tests.describe(warnings)
        context["task_instance"].xcom_push(key=dbt_tests.WARNINGS, value=text)  # the report after the run has it too
        _tell_slack(context, text, warning=True)


def _fail_when_sql_is_wrong(results: list[Result]) -> None:
    from bikes_store.dbt_errors import wrong_statements

    if wrong := wrong_statements(results):
        raise AirflowFailException("\n".join(("The SQL is wrong, so a retry does not help.", *wrong)))


def _tell_slack(context: Any, error: str, warning: bool = False) -> None:
    from bikes_store import alerts

    ti, outbox = context["task_instance"], _outbox()
    alert = alerts.Alert(ti.dag_id, ti.task_id, ti.run_id, ti.try_number, error, ti.log_url, warning)
    alerts.send(alert, connections.slack_webhook(), outbox)
    _count_unsent(outbox)


def _outbox() -> Outbox:
    """Beside the logs, where every process of Airflow may write. Each machine, or container, has its own."""
    return Outbox(Path(conf.get("logging", "base_log_folder")) / "unsent_alerts")


def _count_unsent(outbox: Outbox) -> None:
    with suppress(OSError):  # neither must this change the state of the task
        send_gauges({f"bikes_store.alerts.unsent.{get_hostname()}": len(outbox.waiting())})
