"""OpenLineage is off; where a transport is named, each task tells what it read and wrote."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from cli.names import LAKE_ACCESS_KEY
from cli.paths import REPOSITORY
from cli.processes import airflow
from cli.processes.settings import Settings, generate_secrets
from tests.support.ports import free_ports

try:
    HAS_PROVIDER = importlib.util.find_spec("airflow.providers.openlineage") is not None
except ModuleNotFoundError:
    HAS_PROVIDER = False
needs_provider = pytest.mark.skipif(not HAS_PROVIDER, reason=".venv lacks the provider of uv.lock: `make install`")

# Runs tasks as a worker does, with the listeners that the plugins bring, on a metadata database of its own.
_RUN = """
    import sys
    from datetime import datetime, timezone
    from airflow.models import DagBag, DagRun, TaskInstance
    from airflow.utils.session import create_session
    from airflow.utils.types import DagRunType
    from tests.support.metadata import metadata_tables

    day = datetime(2024, 9, 1, tzinfo=timezone.utc)
    dag = DagBag("dags/bikes_store_staging.py", include_examples=False).dags["bikes_store_staging"]
    with metadata_tables():
        with create_session() as session:
            run = DagRun(dag.dag_id, "by_hand", execution_date=day, run_type=DagRunType.MANUAL, state="running")
            run.data_interval_start, run.data_interval_end = day, datetime(2024, 9, 2, tzinfo=timezone.utc)
            session.add(run)
            session.flush()
            session.add_all(TaskInstance(dag.get_task(name), run_id=run.run_id) for name in sys.argv[1:])
        for name in sys.argv[1:]:
            with create_session() as session:
                ti = session.query(TaskInstance).filter_by(task_id=name).one()
                ti.refresh_from_task(dag.get_task(name))
                ti.run(ignore_all_deps=True, session=session)
                assert ti.state == "success", ti.state
"""
EXTRACT, LOAD = "extract.db.purchasing.shipmethod", "load.db.shipmethod"


def run_tasks(tmp_path, *names, **environment):
    tried = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(_RUN), *names],
        env={**os.environ, "PYTHONPATH": f"{REPOSITORY}:{REPOSITORY / 'dags'}", "AIRFLOW_HOME": str(tmp_path)}
        | environment,
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        timeout=100,
    )
    assert tried.returncode == 0, (tried.stdout + tried.stderr)[-3000:]


def named(datasets):
    return [(dataset["namespace"], dataset["name"]) for dataset in datasets]


@needs_provider
def test_events_say_what_each_task_read_and_wrote(airflow_environment, databases, services, tmp_path):
    file = tmp_path / "events.jsonl"
    demo = airflow.services(services.settings, {"type": "file", "log_file_path": str(file), "append": True})
    switched_on = {name: value for name, value in demo[0].environment.items() if "__OPENLINEAGE__" in name}
    run_tasks(tmp_path, EXTRACT, LOAD, **switched_on)
    events = [json.loads(line) for line in file.read_text().splitlines()]
    assert {event["job"]["namespace"] for event in events} == {"bikes-store"}
    done = {event["job"]["name"].split(".", 1)[1]: event for event in events if event["eventType"] == "COMPLETE"}
    assert set(done) == {EXTRACT, LOAD}
    server = f"postgres://127.0.0.1:{services.settings.ports['postgres']}"
    lake = ("s3://bikes-store", "purchasing.shipmethod")
    assert named(done[EXTRACT]["inputs"]) == [(server, "tasks_source.purchasing.shipmethod")]
    assert named(done[EXTRACT]["outputs"]) == [lake] == named(done[LOAD]["inputs"])
    assert named(done[LOAD]["outputs"]) == [(server, "tasks_warehouse.bikes_store_staging.shipmethod")]
    fields = done[LOAD]["outputs"][0]["facets"]["schema"]["fields"]
    assert [field["name"] for field in fields][:2] == ["shipmethodid", "name"]
    text = file.read_text()
    assert services.settings.secrets["lake_secret_key"] not in text and LAKE_ACCESS_KEY not in text
    assert "def extract_database_table" not in text


@needs_provider
def test_it_is_off_unless_a_transport_is_named(tmp_path):
    """The provider then imports none of its own modules, so processes start as fast as without it."""
    script = (
        "import sys\n"
        "from airflow.plugins_manager import ensure_plugins_loaded\n"
        "ensure_plugins_loaded()\n"
        "from airflow.listeners.listener import get_listener_manager\n"
        "listeners = [str(plugin) for plugin in get_listener_manager().pm.get_plugins()]\n"
        "assert listeners and not [name for name in listeners if 'openlineage' in name.lower()], listeners\n"
        "assert 'airflow.providers.openlineage.plugins.listener' not in sys.modules\n"
    )
    done = subprocess.run([sys.executable, "-c", script], env=os.environ, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-3000:]


def test_a_demo_sends_events_only_where_it_is_told_to(tmp_path):
    settings = Settings(tmp_path, free_ports(), generate_secrets())
    off, on = (
        {name: value for name, value in service.environment.items() if "__OPENLINEAGE__" in name}
        for service in (airflow.services(settings)[0], airflow.services(settings, {"type": "http", "url": "u"})[0])
    )
    assert off["AIRFLOW__OPENLINEAGE__DISABLED"] == "True" and "AIRFLOW__OPENLINEAGE__CONFIG_PATH" not in off
    assert on["AIRFLOW__OPENLINEAGE__DISABLED"] == "False"
    config = Path(on["AIRFLOW__OPENLINEAGE__CONFIG_PATH"])
    assert json.loads(config.read_text()) == {"transport": {"type": "http", "url": "u"}}
    assert config.stat().st_mode & 0o077 == 0  # an address may hold a login
