"""The tasks of the maintenance DAG as Airflow calls them, on Airflow's own tables and a real lake."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest
from airflow import DAG
from airflow.exceptions import AirflowFailException
from airflow.models import DagRun, TaskInstance
from airflow.operators.empty import EmptyOperator
from airflow.utils import db_cleanup
from airflow.utils.session import create_session
from airflow.utils.types import DagRunType
from sqlalchemy.exc import OperationalError

from bikes_store import retention
from bikes_store.airflow_glue import maintenance, variables
from bikes_store.airflow_glue.turns import STAGING_DAG
from bikes_store.errors import Unavailable
from bikes_store.lake import BUCKET
from tests.support.metadata import metadata_tables

METADATA = "AIRFLOW_VAR_BIKES_STORE_KEEP_METADATA_DAYS"
LAKE = "AIRFLOW_VAR_BIKES_STORE_KEEP_LAKE_DAYS"
LOGS = "AIRFLOW_VAR_BIKES_STORE_KEEP_LOGS_DAYS"


@pytest.fixture
def have():
    """Make a run of the staging DAG, with one task, that started so many days ago; its id is the number of days."""

    def make(days, state="success", run_type=DagRunType.MANUAL):
        started = datetime.now(timezone.utc) - timedelta(days=days)
        with create_session() as session:
            run = DagRun(
                STAGING_DAG,
                f"{days}",
                execution_date=started,
                start_date=started,
                run_type=run_type,
                state=state,
                external_trigger=run_type == DagRunType.MANUAL,
            )
            session.add(run)
            session.flush()
            with DAG(STAGING_DAG, start_date=started, schedule=None):
                ti = TaskInstance(EmptyOperator(task_id="load"), run_id=run.run_id, state=state)
            ti.start_date = started
            session.add(ti)

    with metadata_tables():
        yield make


def noted(monkeypatch, name, answer):
    """Put a function in the place of one of :mod:`retention`; returns the list of the arguments that it gets."""
    given = []

    def note(*arguments):
        given.append(arguments)
        return answer

    monkeypatch.setattr(retention, name, note)
    return given


def runs():
    with create_session() as session:
        return {run_id for (run_id,) in session.query(DagRun.run_id)}


def test_old_runs_go_and_the_last_scheduled_one_stays(have, monkeypatch):
    monkeypatch.setenv(METADATA, "90")
    have(200, run_type=DagRunType.SCHEDULED)
    have(100, run_type=DagRunType.SCHEDULED)
    have(95)
    have(89)
    assert maintenance.clean_metadata() is not None
    assert runs() == {"100", "89"}
    with create_session() as session:
        assert {run_id for (run_id,) in session.query(TaskInstance.run_id)} == {"89"}
        assert not [name for name in db_cleanup.reflect_tables(None, session).tables if name.startswith("_airflow_del")]


def test_nothing_goes_when_it_is_kept_for_ever(have, monkeypatch):
    monkeypatch.setenv(METADATA, "0")
    have(900)
    assert maintenance.clean_metadata() is None
    assert runs() == {"900"}


def test_a_table_that_can_not_be_cleaned_fails_the_task(have, monkeypatch):
    """Airflow itself only warns of it: the task would succeed, and the disk would fill."""
    cleaned = []

    def clean(*, orm_model, **_):
        cleaned.append(orm_model.name)
        if orm_model.name == "log":
            raise OperationalError("DELETE", {}, Exception("disk full"))

    monkeypatch.setattr(db_cleanup, "_cleanup_table", clean)
    with pytest.raises(Unavailable, match=r"was not cleaned as a whole: .* table 'log'\.$"):
        maintenance.clean_metadata()
    assert "xcom" in cleaned  # and the others are cleaned all the same


@pytest.mark.parametrize(
    ("variable", "task"), [(METADATA, maintenance.clean_metadata), (LAKE, maintenance.remove_old_extracts)]
)
@pytest.mark.parametrize("days", ["1", "6", "-1", "soon", "7.5"])
def test_days_that_would_break_a_rerun_of_the_last_days_are_refused(monkeypatch, variable, task, days):
    monkeypatch.setenv(variable, days)
    with pytest.raises(AirflowFailException, match=r"_DAYS must be 0 for never, or a whole number of days from 7 to "):
        task()


def test_extracts_are_kept_for_ever_unless_somebody_says_otherwise(airflow_environment, monkeypatch):
    monkeypatch.setattr(retention, "remove_extracts", lambda *_: pytest.fail("something was removed"))
    assert maintenance.remove_old_extracts() is None
    airflow_environment.delenv(LAKE)
    assert maintenance.remove_old_extracts() is None


def test_old_extracts_go_but_for_those_of_runs_that_have_not_ended(have, airflow_environment, s3, monkeypatch):
    for days, state in ((50, "success"), (40, "queued"), (30, "running"), (20, "failed")):
        have(days, state)
    airflow_environment.setenv(LAKE, "7")
    given = noted(monkeypatch, "remove_extracts", retention.Removed(2, 9))
    assert maintenance.remove_old_extracts() == {"objects": 2, "size": 9}
    ((client, before, in_flight),) = given
    assert client.head_bucket(Bucket=BUCKET)
    assert timedelta(days=7) <= datetime.now(timezone.utc) - before < timedelta(days=7, minutes=1)
    assert set(in_flight) == {"40", "30"}


def test_old_logs_go_from_where_airflow_writes_them(airflow_environment, monkeypatch):
    airflow_environment.setenv("AIRFLOW__LOGGING__REMOTE_BASE_LOG_FOLDER", "s3://logs-here/in/there")
    airflow_environment.setenv(LOGS, "3")
    given = noted(monkeypatch, "remove_logs", retention.Removed(0, 0))
    assert maintenance.remove_old_logs() == {"objects": 0, "size": 0}
    ((_, bucket, folder, before),) = given
    assert (bucket, folder) == ("logs-here", "/in/there")
    assert datetime.now(timezone.utc) - before >= timedelta(days=3)


def test_variables_that_are_not_set_leave_the_defaults(monkeypatch):
    days = {
        METADATA: (variables.KEEP_METADATA, 90),
        LAKE: (variables.KEEP_EXTRACTS, 0),
        LOGS: (variables.KEEP_LOGS, 30),
    }
    with metadata_tables():  # where Airflow looks for them next
        for name, (quantity, default) in days.items():
            monkeypatch.delenv(name, raising=False)
            assert variables.kept(quantity) == (timedelta(days=default) if default else None)
