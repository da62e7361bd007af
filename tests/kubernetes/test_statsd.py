"""The chart's form of the StatsD mapping comes to the same as the file that it is made of."""

from __future__ import annotations

import re

import pytest
import yaml

from cli.kubernetes.statsd import mappings
from tests.support.exporter import MAPPING, running_exporter

LINES = [
    "airflow.dag.bikes_store_staging.load.db.salesorderdetail.duration:5000|ms",
    "airflow.ti.finish.bikes_store_staging.extract.db.sales.salesorderdetail.success:1|c",
    "airflow.celery.worker_heartbeat.10.0.0.7:1|c",
    "airflow.bikes_store.table.loaded_at.sales.store:1700000000|g",
    "airflow.something.new:3|c",
    "airflow.a.timer:20|ms",
    "airflow.ti.start:1|c",
]


def test_each_mapping_says_what_the_file_says_once():
    content = yaml.safe_load(MAPPING.read_text())
    assert content["defaults"].keys() == {"match_type", "timer_type", "histogram_options", "ttl"}
    made = mappings()
    assert [each["match"] for each in made] == [each["match"] for each in content["mappings"]]
    assert {each["match_type"] for each in made} == {"regex"}
    assert {each["observer_type"] for each in made} == {"histogram"}


@pytest.fixture
def exported(tmp_path):
    """What the exporter makes of the lines with a mapping."""

    def export(mapping):
        with running_exporter(mapping) as exporter:
            text = exporter.send(LINES)
        return sorted(re.findall(r"^(?:airflow|bikes)_.*$", text, re.MULTILINE))

    return export


def test_the_exporter_makes_the_same_of_both(exported, tmp_path):
    # As the chart writes it: the list, and nothing else.
    of_chart = tmp_path / "mappings.yml"
    of_chart.write_text(yaml.safe_dump({"mappings": mappings()}))
    first = exported(MAPPING)
    assert any(line.startswith("airflow_task_duration_seconds_bucket") for line in first)
    assert any('worker="10.0.0.7"' in line for line in first)
    assert exported(of_chart) == first
