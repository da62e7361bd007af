"""`make status`: what it shows of a stack, and of one that is half down. Airflow's answers are made up."""

from __future__ import annotations

from typing import ClassVar

import pytest
from rich.console import Console

from bikes_store.tables import CURRENCY, TABLES
from cli import status
from cli.airflow_client import MAINTENANCE_DAG, STAGING_DAG, WAREHOUSE_DAG
from cli.database import connect
from cli.endpoints import Endpoints
from cli.errors import UserError
from cli.paths import REPOSITORY
from cli.processes.postgres import psql

NOWHERE = "postgresql://127.0.0.1:1/w"
LOADED = """
INSERT INTO bikes_store_staging.shipmethod (shipmethodid, name, shipbase, shiprate, rowguid)
SELECT n, 'POST', 1, 1, gen_random_uuid() FROM generate_series(1, 1234) AS n;
INSERT INTO bikes_store_staging.load_log (table_name, run_id, extracted_at, loaded_at, "rows", written, deleted)
SELECT name, 'r', now(), now() - interval '30 hours', 0, 0, 0 FROM unnest(ARRAY['shipmethod', 'store']) AS name;
CREATE SCHEMA warehouse;
CREATE TABLE warehouse.dim_date AS SELECT generate_series(1, 5000) AS n;
CREATE TABLE warehouse.fact_order AS SELECT 1 AS n;
"""


class AirflowAnswers:
    """Airflow's REST API, as it was in the middle of a staging run."""

    is_down: ClassVar[bool] = False
    runs: ClassVar[dict[str, list[dict[str, object]]]] = {}

    def __init__(self, *_):
        pass

    def request(self, method, path, body=None):
        if self.is_down:
            raise UserError("Airflow at http://a can't be reached.")
        return type("Response", (), {"status_code": 200 if path.split("/")[2] in self.runs else 404})()

    def call(self, method, path, body=None):
        dag_id = path.split("/")[2]
        if "taskInstances" in path:
            states = {"extract.db.sales.store": "success", "load.db.store": "running", "load.db.customer": None}
            never = {"start_date": None, "end_date": None, "try_number": 1}
            return {"task_instances": [{"task_id": name, "state": state, **never} for name, state in states.items()]}
        if "/dagRuns/" in path:
            return {"state": "running"}
        if "dagRuns" in path:
            return {"dag_runs": [] if "state=queued" in path else self.runs[dag_id]}
        return {"is_paused": dag_id == MAINTENANCE_DAG}

    last_runs = status.Airflow.last_runs


def a_run(run_id, state, start="2024-09-02T00:00:05+00:00", end="2024-09-02T00:01:15+00:00"):
    return {"dag_run_id": run_id, "state": state, "start_date": start, "end_date": end}


@pytest.fixture
def shown(postgres, tmp_path, monkeypatch):
    """The screen of `make status`."""
    warehouse = postgres.create_database("status_warehouse")
    psql(warehouse).run(REPOSITORY / "warehouse" / "staging.sql")
    monkeypatch.setattr(Endpoints, "airflow", lambda self: AirflowAnswers())
    monkeypatch.setattr(AirflowAnswers, "is_down", False)
    monkeypatch.setattr(
        AirflowAnswers,
        "runs",
        {
            STAGING_DAG: [a_run("scheduled__new", "running", end=None), a_run("scheduled__old", "failed")],
            WAREHOUSE_DAG: [a_run("manual__built", "failed"), a_run("manual__before", "success")],
            MAINTENANCE_DAG: [],
        },
    )

    def show(width=120, source=warehouse, warehouse_dsn=warehouse):
        path = tmp_path / "endpoints.json"
        Endpoints("http://a", "admin", "pw", source, warehouse_dsn, "http://l", "key", "secret").write(path)
        monkeypatch.setenv("ENDPOINTS", str(path))
        monkeypatch.setattr(status, "OF_PROCESSES", path)
        console = Console(width=width, no_color=True, highlight=False)
        with console.capture() as text:
            assert status.status(console) == 0
        return text.get()

    with connect(warehouse) as connection, connection.cursor() as cursor:
        cursor.execute(LOADED)
    return show


def line(text, *words):
    (found,) = [line for line in text.splitlines() if all(word in line for word in words)]
    return found


def test_runs_in_flight_and_the_last_ones_of_every_dag(shown):
    text = shown(160)
    assert line(text, "scheduled__new", "running")
    assert "bikes_store_staging: 1 of 3 tasks done: load.db.store." in text
    assert "70" in line(text, "scheduled__old", "failed") and "✗" not in line(text, "scheduled__old")
    # The last run of the other DAG failed, and nothing has corrected that.
    assert "✗" in line(text, "manual__built")
    assert line(text, MAINTENANCE_DAG, "no run yet") and f"{MAINTENANCE_DAG} is paused." in text


def test_each_table_with_its_rows_and_its_age_beside_what_is_allowed(shown):
    text = shown()
    assert all(table.source in text for table in (*TABLES.values(), CURRENCY))
    # Both were loaded 30 hours ago; one of them may be older.
    assert "✗" not in line(text, "purchasing.shipmethod", "1,234", "30 h", "50 h")
    assert "✗" in line(text, "sales.store ", "30 h", "26 h")
    assert "✗" in line(text, "sales.customer ", "never")
    assert "dim_date 5,000" in text and "fact_order 1" in text


def test_alerts_and_disk(shown):
    text = shown()
    assert "Nobody watches: this stack has no Prometheus." in text
    assert "GB" in text.split("Disk")[1]
    assert "The database warehouse takes " in " ".join(text.split())


def test_an_alert_that_many_tables_have_is_one_line(monkeypatch):
    class Found:
        def __init__(self, *_):
            pass

    held = [("Table stale", "warning", f"The last load of {name} is older.") for name in TABLES]
    monkeypatch.setattr(status, "Metrics", Found)
    monkeypatch.setattr(
        status.alerts, "holding", lambda _: iter([*held, ("Lake down", "critical", "The lake is down.")])
    )
    assert [row.cells for row in status._alerts("http://p").rows] == [  # noqa: SLF001
        ["Table stale", "warning", "The last load of person is older.", "18"],
        ["Lake down", "critical", "The lake is down.", "1"],
    ]


def test_a_prometheus_that_does_not_answer_is_a_sentence():
    assert status._alerts("http://127.0.0.1:1").note == "Prometheus at http://127.0.0.1:1 does not answer."  # noqa: SLF001


def test_rows_are_estimated_when_counting_takes_too_long(shown, monkeypatch):
    monkeypatch.setattr(status, "_MILLISECONDS_TO_COUNT", 20)
    monkeypatch.setattr(status, "_COUNT", "SELECT '{0}', count(*) FROM {1}, pg_sleep(1)")
    assert "~" in line(shown(), "purchasing.shipmethod")


def test_what_is_down_is_a_sentence_and_the_rest_is_shown(shown, monkeypatch):
    text = shown(source=NOWHERE)
    assert "The source can't be asked: " in text and "1,234" in text
    monkeypatch.setattr(AirflowAnswers, "is_down", True)
    text = shown()
    assert "Airflow at http://a can't be reached." in text and "1,234" in text
    monkeypatch.setattr(AirflowAnswers, "is_down", False)
    text = shown(warehouse_dsn=NOWHERE)
    assert "The warehouse can't be asked: " in text and "scheduled__new" in text


def test_a_stack_that_is_gone_is_one_sentence(shown, monkeypatch):
    monkeypatch.setattr(AirflowAnswers, "is_down", True)
    with pytest.raises(UserError, match=r"^The stack of .*endpoints\.json does not answer: is it up\?"):
        shown(warehouse_dsn=NOWHERE)


@pytest.mark.parametrize("width", [60, 80, 110])
def test_it_fits_any_terminal(shown, width):
    text = shown(width)
    assert max(map(len, text.splitlines())) <= width
    assert "sales.salesorderheadersalesreason" in text and "scheduled__new" in text
