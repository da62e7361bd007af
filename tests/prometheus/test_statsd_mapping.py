"""Every metric in Airflow's own source has a rule. The test reads the names from the installed release."""

from __future__ import annotations

import ast
import re
from itertools import product
from pathlib import Path

import airflow
import pytest

TASK = "load.db.salesorderdetail"
# An expression in a metric's name: the pattern of the expression, and the texts that it may become.
SAMPLES = (
    (r"\bdag_id\b", ["bikes_store_staging"]),
    (r"\btask_id\b", [TASK, "trigger_bikes_store_warehouse"]),
    (r"\bmetric_name\b", ["queued_duration", "scheduled_duration"]),
    (r"\bstate\b", ["success", "failed"]),
    (r"\bfile_name\b", ["bikes_store_staging"]),
    (r"\bpool_name\b", ["default_pool"]),
    (r"\boperator\b|task_type", ["PythonOperator"]),
    (r"\bhostname\b", ["airflow-triggerer"]),
    (r"\bjob\.id\b", ["12"]),
    (r"\breturn_code\b", ["0", "-9", "None"]),
    (r"__class__\.__name__", ["job", "localtaskjob"]),
)
# Names that Airflow's source builds before the call.
VARIABLES = {
    "open_slots_metric_name": ["executor.open_slots", "executor.open_slots.CeleryExecutor"],
    "queued_tasks_metric_name": ["executor.queued_tasks"],
    "running_tasks_metric_name": ["executor.running_tasks"],
}
TYPES = {"incr": "c", "decr": "c", "gauge": "g", "timing": "ms", "timer": "ms"}


def texts(node: ast.expr) -> list[str]:
    """The texts that an expression in a metric's name may become."""
    if isinstance(node, ast.Constant):
        return [str(node.value)]
    if isinstance(node, ast.JoinedStr):
        return ["".join(parts) for parts in product(*(texts(value) for value in node.values))]
    if isinstance(node, ast.BinOp):
        return ["".join(parts) for parts in product(texts(node.left), texts(node.right))]
    source = ast.unparse(node)
    if source in VARIABLES:
        return VARIABLES[source]
    for pattern, samples in SAMPLES:
        if re.search(pattern, source):
            return samples
    raise LookupError(f"what does {source} come out as?")


def metrics_of_airflow() -> set[str]:
    """A StatsD line for each metric that Airflow and its Celery executor may send."""
    root = Path(airflow.__file__).parent
    files = [file for file in root.rglob("*.py") if "providers" not in file.parts or "celery" in file.parts]
    lines = set()
    for file in files:
        text = file.read_text()
        if "Stats." not in text:
            continue
        for node in ast.walk(ast.parse(text)):
            if (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Attribute)
                and ast.unparse(node.func.value) == "Stats"
                and node.func.attr in TYPES
                and node.args
            ):
                kind = TYPES[node.func.attr]
                lines |= {f"airflow.{name}:1|{kind}" for name in texts(node.args[0])}
    return lines


@pytest.fixture
def exported(exporter):
    lines = sorted(metrics_of_airflow())
    assert len(lines) > 100
    return exporter.send(lines)


def test_nothing_falls_to_the_catch_all(exported):
    assert re.findall(r"^airflow_unmapped_.*", exported, re.MULTILINE) == []
    conflicts = [line for line in exported.splitlines() if line.startswith("statsd_exporter_events_conflict_total")]
    assert [line for line in conflicts if not line.endswith(" 0")] == []


def test_no_name_carries_a_dag_a_task_or_a_group(exported):
    names = {re.split(r"[{ ]", line)[0] for line in exported.splitlines() if line.startswith("airflow_")}
    assert len(names) > 60
    assert [name for name in names if re.search(r"bikes|staging|warehouse|load_db|salesorder|dropped", name)] == []


@pytest.mark.parametrize(
    ("task_id", "group"),
    [
        ("load.db.salesorderdetail", "load.db"),
        ("extract.db.sales.salesorderdetail", "extract.db"),  # the task's own name has dots
        ("extract.api.currency", "extract.api"),
        ("warehouse_init.dim_product_snapshot", "warehouse_init"),
        ("trigger_bikes_store_warehouse", ""),
    ],
)
def test_a_task_has_its_labels_whatever_group_it_is_in(exporter, task_id, group):
    text = exporter.send(
        [
            f"airflow.dag.bikes_store_staging.{task_id}.duration:5000|ms",
            f"airflow.ti.finish.bikes_store_staging.{task_id}.up_for_retry:1|c",
            f"airflow.local_task_job.task_exit.7.bikes_store_staging.{task_id}.-9:1|c",
        ]
    )
    task = f'task_group="{group}",task_id="{task_id}"'
    labels = f'{{dag_id="bikes_store_staging",{task}}}'
    assert f"airflow_task_duration_seconds_sum{labels} 5\n" in text  # seconds; milliseconds were sent
    assert f"airflow_task_duration_seconds_count{labels} 1\n" in text
    assert f'airflow_task_finished_total{{dag_id="bikes_store_staging",state="up_for_retry",{task}}} 1' in text
    assert f'airflow_task_exit_total{{dag_id="bikes_store_staging",return_code="-9",{task}}} 1' in text


def test_alerts_that_were_not_sent_are_counted_by_host(exporter):
    text = exporter.send(["airflow.bikes_store.alerts.unsent.worker-1.lan:3|g"])
    assert 'bikes_store_alerts_unsent{host="worker-1.lan"} 3' in text


def test_a_metric_without_a_rule_is_counted(exporter):
    text = exporter.send(["airflow.something.new:3|c", "airflow.another:1|g", "airflow.a.timer:20|ms"])
    assert 'airflow_unmapped_total{statsd_name="airflow.something.new"} 3' in text
    assert 'airflow_unmapped_gauge{statsd_name="airflow.another"} 1' in text
    assert 'airflow_unmapped_timer_count{statsd_name="airflow.a.timer"} 1' in text
