"""In incremental mode a run begins where the staging area ends, so no change falls between two runs."""

from __future__ import annotations

from contextlib import closing
from datetime import datetime, timedelta, timezone

import pendulum
import psycopg2
import pytest
from airflow.timetables.interval import CronDataIntervalTimetable

from bikes_store.errors import Refused
from bikes_store.window import Window, interval_of_run

NAME = "salesreason"


def day(number: int) -> Window:
    """A day of September 2024."""
    return Window(datetime(2024, 9, number), datetime(2024, 9, number) + timedelta(days=1))


@pytest.fixture
def running(pipeline):
    """A pipeline that has loaded the second of September. On each day around it, one row changed at noon."""
    pipeline.in_source(
        "INSERT INTO sales.salesreason (salesreasonid, name, reasontype, modifieddate)"
        " SELECT n, 'x', 'y', '2024-08-31 12:00'::timestamp + n * interval '1 day' FROM generate_series(0, 9) AS n"
    )
    pipeline.hold(NAME, datetime(2024, 9, 1))
    pipeline.in_staging("INSERT INTO bikes_store_staging.salesreason SELECT 0, 'x', 'y', '2024-08-31 12:00'")
    pipeline.run_day(NAME, day(1))
    pipeline.run_day(NAME, day(2))
    assert numbers(pipeline) == [0, 1, 2]
    return pipeline


def numbers(pipeline) -> list[int]:
    return [int(row[0]) for row in pipeline.staging_rows(NAME)]


def test_a_run_takes_the_days_that_were_missed(running):
    """The stack was down over the midnights that end the third, the fourth and the fifth; Airflow runs the last day."""
    loaded = running.run_day(NAME, day(6))
    assert (loaded.rows, loaded.written, loaded.deleted) == (4, 4, 0)
    assert numbers(running) == [0, 1, 2, 3, 4, 5, 6]


def test_a_run_that_failed_is_made_up_for_by_the_next(running):
    """By table: one load of the day failed, and the others did not."""
    running.in_source(
        "INSERT INTO purchasing.shipmethod (shipmethodid, name, shipbase, shiprate, modifieddate)"
        " VALUES (1, 'POST', 1, 1, '2024-09-03 12:00')"
    )
    running.run_day("shipmethod", day(3))
    running.extract(NAME, "failed", day(3))
    assert running.run_day(NAME, day(4)).rows == 2
    assert running.run_day("shipmethod", day(4)).rows == 0
    assert numbers(running) == [0, 1, 2, 3, 4]


def test_an_old_day_again_changes_nothing_and_moves_nothing(running):
    running.run_day(NAME, day(3))
    again = running.run_day(NAME, day(1))
    assert (again.rows, again.written, again.deleted) == (1, 0, 0)
    assert running.run_day(NAME, day(4)).rows == 1  # not the days since the first
    assert numbers(running) == [0, 1, 2, 3, 4]


def test_a_table_without_a_load_is_taken_in_full(running):
    running.in_staging("DELETE FROM bikes_store_staging.load_log")
    running.run_day(NAME, day(3))
    assert numbers(running) == list(range(10))


def test_a_table_that_somebody_emptied_is_taken_in_full(running):
    running.in_staging("TRUNCATE bikes_store_staging.salesreason")
    running.run_day(NAME, day(3))
    assert numbers(running) == list(range(10))


def test_a_load_that_would_leave_a_gap_is_refused(running):
    running.extract(NAME, "gap", day(4))
    with pytest.raises(Refused, match=r"covers 2024-09-04.*but the staging area holds its changes up to 2024-09-03T00"):
        running.load(NAME, "gap", day(4))
    running.in_staging("DELETE FROM bikes_store_staging.load_log")
    with pytest.raises(Refused, match=r"but the staging area holds no load of this table: run this run's extract"):
        running.load(NAME, "gap", day(4))


def test_a_window_that_ends_in_the_future_is_held_up_to_its_extract(running):
    """A run by hand, made with an interval that is not over."""
    now = datetime.now(timezone.utc).replace(tzinfo=None)
    running.hold(NAME, now - timedelta(days=1))
    running.run_day(NAME, Window(now - timedelta(days=1), now + timedelta(days=1)))
    running.in_source("UPDATE sales.salesreason SET modifieddate = now() WHERE salesreasonid = 5")
    assert running.run_day(NAME, Window(now + timedelta(days=1), now + timedelta(days=2))).rows == 1


def test_a_transaction_that_commits_after_the_extract_arrives_with_the_next_run(running):
    """It stamps its row ten seconds before midnight, and is still open when the day is extracted."""
    with closing(psycopg2.connect(running.source_dsn)) as late, late, late.cursor() as cursor:
        cursor.execute("UPDATE sales.salesreason SET modifieddate = '2024-09-03 23:59:50' WHERE salesreasonid = 9")
        running.run_day(NAME, day(3))
    running.run_day(NAME, day(4))
    assert numbers(running) == [0, 1, 2, 3, 4]  # without an overlap it is lost
    running.run_day(NAME, day(5), overlap=timedelta(days=2))
    assert numbers(running) == [0, 1, 2, 3, 4, 5, 9]


def test_runs_by_hand_and_scheduled_runs_leave_nothing_between_them(running):
    """Airflow gives a run by hand the last whole day: what changed since waits for the next run."""
    timetable = CronDataIntervalTimetable("@daily", pendulum.timezone("UTC"))
    moments = [(3, 10), (5, 23), (6, 1), (9, 9)]
    for at, hour in moments:
        inferred = timetable.infer_manual_data_interval(run_after=pendulum.datetime(2024, 9, at, hour))
        running.run_day(NAME, interval_of_run(inferred.start, inferred.end))
        assert numbers(running) == list(range(at))
