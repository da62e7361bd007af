"""Each alert rule fires on its fault and clears again, in Prometheus' own rule tests, where hours take no time.

https://prometheus.io/docs/prometheus/latest/configuration/unit_testing_rules/
tests/containers causes some of the faults for real.
"""

from __future__ import annotations

import subprocess
from dataclasses import dataclass

import pytest
import yaml

from tests.support.dashboards import RULES, firing
from tests.support.engine import install

MINUTE = 4  # readings: one every 15 seconds
DAY = 24 * 60 * MINUTE
DAG = 'dag_id="bikes_store_staging"'
FAILED = f"airflow_dag_run_last_failed{{{DAG}}}"
TRIED = f'airflow_task_finished_total{{state="up_for_retry",{DAG},task_id="load.db.store",task_group="load.db"}}'
WAREHOUSE, SOURCE = (f'mountpoint="/disks/{volume}",volume="{volume}"' for volume in ("warehouse", "source"))
SINCE = "airflow_dag_run_running_since_timestamp_seconds"
LOADED, FRESH_FOR = "bikes_store_table_loaded_timestamp_seconds", "bikes_store_table_fresh_for_seconds"
GOOD = "bikes_store_warehouse_good_timestamp_seconds"


@dataclass(frozen=True)
class Story:
    """Series over time, and the minutes at which the rule fires or is silent."""

    rule: str
    series: dict[str, str]
    fires: tuple[int, ...]
    silent: tuple[int, ...]
    labels: dict[str, str]


STORIES = (
    # It fires until a run succeeds.
    Story(
        "DAG run failed",
        {FAILED: f"_x{10 * MINUTE} 1x{DAY} 0x{10 * MINUTE}"},
        (11, 24 * 60),
        (9, 24 * 60 + 12),
        {"dag_id": "bikes_store_staging"},
    ),
    # statsd-exporter restarts, which repairs nothing.
    Story(
        "DAG run failed", {FAILED: f"1x{MINUTE} stale _x{DAY}"}, (10, 23 * 60), (), {"dag_id": "bikes_store_staging"}
    ),
    # A run that starts at minute 10 and hangs until minute 200; and one of the other DAG that ends in time.
    Story(
        "Run takes too long",
        {
            f"{SINCE}{{{DAG}}}": f"0x{10 * MINUTE - 1} 600x{190 * MINUTE - 1} 0x{60 * MINUTE}",
            f'{SINCE}{{dag_id="bikes_store_warehouse"}}': f"0x{10 * MINUTE - 1} 600x{100 * MINUTE} 0x{149 * MINUTE}",
        },
        (132, 198),
        (9, 60, 129, 202),
        {"dag_id": "bikes_store_staging"},
    ),
    # It hangs, and statsd-exporter restarts.
    Story(
        "Run takes too long",
        {f"{SINCE}{{{DAG}}}": f"1x{20 * MINUTE} stale _x{24 * 60 * MINUTE}"},
        (121, 23 * 60),
        (60,),
        {"dag_id": "bikes_store_staging"},
    ),
    Story(
        "Task failing repeatedly",
        {TRIED: f"_x{90 * MINUTE} 1x{MINUTE} 2x{MINUTE} 3x{120 * MINUTE}"},
        (95, 140),
        (91, 160),
        {"dag_id": "bikes_store_staging", "task_id": "load.db.store"},
    ),
    # Slack takes the message after half an hour. Another one goes with the next failure, within minutes.
    Story(
        "Alert not sent",
        {
            'bikes_store_alerts_unsent{host="worker-1"}': f"_x{10 * MINUTE} 2x{30 * MINUTE} 0x{30 * MINUTE}",
            'bikes_store_alerts_unsent{host="worker-2"}': f"0x{10 * MINUTE} 1x{9 * MINUTE} 0x{51 * MINUTE}",
        },
        (27, 39),
        (9, 20, 42, 60),
        {"host": "worker-1"},
    ),
    Story(
        "Scheduler heartbeat lost",
        {"airflow_scheduler_heartbeat_total": f"0+3x{30 * MINUTE} 360x{10 * MINUTE} 361+3x{20 * MINUTE}"},
        (35, 39),
        (20, 31, 45),
        {},
    ),
    Story(
        "Worker heartbeat lost",
        {
            'airflow_worker_heartbeat_total{worker="airflow-worker-1"}': f"0+8x{50 * MINUTE}",
            'airflow_worker_heartbeat_total{worker="airflow-worker-2"}': f"0+8x{20 * MINUTE} 640x{10 * MINUTE} 648+8x9",
        },
        (25, 29),
        (15, 21, 33),
        {"worker": "airflow-worker-2"},
    ),
    # Four tasks wait, and none runs.
    Story(
        "Queue stuck",
        {
            'airflow_pool_queued_slots{pool="default_pool"}': f"0x{10 * MINUTE} 4x{20 * MINUTE} 0x{10 * MINUTE}",
            'airflow_pool_running_slots{pool="default_pool"}': f"2x{11 * MINUTE} 0x{29 * MINUTE}",
        },
        (17, 29),
        (9, 14, 31),
        {},
    ),
    # Tasks wait for those that run.
    Story(
        "Queue stuck",
        {
            'airflow_pool_queued_slots{pool="default_pool"}': f"4x{20 * MINUTE}",
            'airflow_pool_running_slots{pool="default_pool"}': f"4x{20 * MINUTE}",
        },
        (),
        (6, 12, 19),
        {},
    ),
    Story(
        "DAG import error",
        {"airflow_dag_processing_import_errors": f"0x{10 * MINUTE} 1x{10 * MINUTE} 0x{10 * MINUTE}"},
        (12, 19),
        (9, 22),
        {},
    ),
    Story(
        "Metrics missing",
        {
            'up{job="airflow",instance="statsd-exporter:9102"}': f"1x{10 * MINUTE} 0x{10 * MINUTE} 1x{10 * MINUTE}",
            'up{job="redis",instance="redis-exporter:9121"}': f"1x{30 * MINUTE}",
        },
        (13, 19),
        (9, 11, 22),
        {"job": "airflow"},
    ),
    Story(
        "Database down",
        {'pg_up{instance="source-exporter:9187"}': f"1x{10 * MINUTE} 0x{10 * MINUTE} 1x{10 * MINUTE}"},
        (12, 19),
        (9, 22),
        {"instance": "source-exporter:9187"},
    ),
    Story(
        "Lake down",
        {'up{job="lake",instance="lake:9000"}': f"1x{10 * MINUTE} 0x{10 * MINUTE} 1x{10 * MINUTE}"},
        (12, 19),
        (9, 22),
        {},
    ),
    # One disk fills up to 90 %, and then has room again.
    Story(
        "Disk filling",
        {
            f"node_filesystem_size_bytes{{{WAREHOUSE}}}": f"1000x{60 * MINUTE}",
            f"node_filesystem_avail_bytes{{{WAREHOUSE}}}": f"500x{10 * MINUTE} 100x{20 * MINUTE} 200x{30 * MINUTE}",
            f"node_filesystem_size_bytes{{{SOURCE}}}": f"1000x{60 * MINUTE}",
            f"node_filesystem_avail_bytes{{{SOURCE}}}": f"160x{60 * MINUTE}",
        },
        (16, 30),
        (9, 14, 32),
        {"volume": "warehouse"},
    ),
    # Good at minute 0, and again after 30 hours.
    Story(
        "Warehouse stale",
        {GOOD: f"0x{30 * 60 * MINUTE} 108000x{6 * 60 * MINUTE}"},
        (26 * 60 + 1, 29 * 60),
        (25 * 60, 31 * 60),
        {},
    ),
    # Good at minute 0. After ten hours statsd-exporter restarts, and then has no metrics.
    Story(
        "Warehouse stale",
        {GOOD: f"0x{10 * 60 * MINUTE} stale _x{30 * 60 * MINUTE}"},
        (26 * 60 + 1, 36 * 60),
        (5 * 60, 25 * 60),
        {},
    ),
    # Two tables are loaded at minute 0, and one of them may be older than the other. The first is loaded again after 30
    # hours, the other one never is, but the story ends before its time. After ten hours statsd-exporter restarts.
    Story(
        "Table stale",
        {
            f'{LOADED}{{table="sales.store"}}': (
                f"0x{10 * 60 * MINUTE} stale _x{20 * 60 * MINUTE} 108000x{4 * 60 * MINUTE}"
            ),
            f'{FRESH_FOR}{{table="sales.store"}}': f"93600x{10 * 60 * MINUTE} stale _x{24 * 60 * MINUTE}",
            f'{LOADED}{{table="sales.salesreason"}}': f"0x{34 * 60 * MINUTE}",
            f'{FRESH_FOR}{{table="sales.salesreason"}}': f"180000x{34 * 60 * MINUTE}",
        },
        (26 * 60 + 1, 29 * 60),
        (5 * 60, 26 * 60 - 1, 31 * 60),
        {"table": "sales.store"},
    ),
    # One of two tables differs; statsd-exporter restarts; then a full load makes it equal.
    Story(
        "Staging differs",
        {
            'bikes_store_table_difference_rows{table="sales.store"}': (
                f"0x{10 * MINUTE} 3x{10 * MINUTE} stale _x{10 * MINUTE} 0x{10 * MINUTE}"
            ),
            'bikes_store_table_difference_rows{table="sales.customer"}': f"0x{40 * MINUTE}",
        },
        (11, 29),
        (9, 32),
        {"table": "sales.store"},
    ),
    Story(
        "Reconciliation off",
        {
            "bikes_store_warehouse_difference_lines": f"0x{40 * MINUTE}",
            "bikes_store_warehouse_difference_total_due": (
                f"0x{10 * MINUTE} 0.01x{10 * MINUTE} stale _x{10 * MINUTE} 0x{10 * MINUTE}"
            ),
        },
        (11, 29),
        (9, 32),
        {},
    ),
    # The total due of one order is no number, so the difference is none either.
    Story(
        "Reconciliation off",
        {
            "bikes_store_warehouse_difference_lines": f"0x{40 * MINUTE}",
            "bikes_store_warehouse_difference_total_due": (
                f"0x{10 * MINUTE} {' '.join(['NaN'] * 10 * MINUTE)} 0x{10 * MINUTE}"
            ),
        },
        (11, 19),
        (9, 22),
        {},
    ),
)


@pytest.fixture(scope="module")
def promtool() -> str:
    install("promtool", "prometheus")
    return "promtool"


def test_every_rule_has_a_story():
    assert {story.rule for story in STORIES} == {rule["name"] for rule in RULES}


@pytest.mark.parametrize("story", STORIES, ids=lambda story: f"{story.rule} {next(iter(story.series.values()))}")
def test_rule_fires_on_its_fault_and_clears(story, promtool, tmp_path):
    (rule,) = (rule for rule in RULES if rule["name"] == story.rule)
    alert = {"alert": rule["name"], "expr": firing(rule), "for": rule["for"]}
    group = {"name": "rules", "interval": "15s", "rules": [alert]}
    (tmp_path / "rules.yml").write_text(yaml.safe_dump({"groups": [group]}))
    moments = [(minute, [{"exp_labels": story.labels}]) for minute in story.fires]
    moments += [(minute, []) for minute in story.silent]
    test = {
        "interval": "15s",
        "input_series": [{"series": name, "values": values} for name, values in story.series.items()],
        "alert_rule_test": [
            {"eval_time": f"{minute}m", "alertname": rule["name"], "exp_alerts": alerts} for minute, alerts in moments
        ],
    }
    (tmp_path / "test.yml").write_text(
        yaml.safe_dump({"rule_files": ["rules.yml"], "evaluation_interval": "15s", "tests": [test]})
    )
    done = subprocess.run([promtool, "test", "rules", "test.yml"], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
