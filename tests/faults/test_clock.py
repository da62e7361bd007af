"""Midnight, and the days on which clocks change: in the source, on the worker, in the warehouse."""

from __future__ import annotations

import time
from datetime import datetime, timedelta, timezone

import pytest

from bikes_store.window import interval_of_run
from cli.paths import REPOSITORY
from cli.processes.postgres import psql
from tests.support.pipeline import Pipeline

#: A row every ten minutes of three days, and one just before each midnight of UTC. The change time is as the source's
#: own clock shows it; the name of the row is the moment in UTC.
ROWS = """
INSERT INTO purchasing.shipmethod (shipmethodid, name, shipbase, shiprate, modifieddate)
SELECT row_number() OVER (), moment AT TIME ZONE 'UTC', 1, 1, moment::timestamp
FROM (
    SELECT %(first)s + n * interval '10 minutes' AS moment FROM generate_series(0, 3 * 24 * 6 - 1) AS n
    UNION ALL
    SELECT %(first)s + n * interval '24 hours' - interval '1 microsecond' FROM generate_series(1, 3) AS n
) AS moments
"""

#: Clocks change there in the night that begins on this day (UTC), and midnight there is at another hour of UTC.
NIGHTS = [
    ("UTC", "2024-03-09"),
    ("America/New_York", "2024-03-09"),
    ("America/New_York", "2024-11-02"),
    ("Australia/Lord_Howe", "2024-04-06"),
    ("Europe/Berlin", "2024-10-26"),
]


@pytest.fixture
def place(postgres, s3, monkeypatch):
    """A source, a warehouse and a worker somewhere on earth, with their clocks."""

    def at(zone):
        source, warehouse = (postgres.create_database(f"faults_clock_{name}") for name in ("source", "warehouse"))
        psql(source).run(REPOSITORY / "source" / "bikes_store" / "schema.sql")
        psql(warehouse).run(REPOSITORY / "warehouse" / "staging.sql")
        made = Pipeline(source, warehouse, s3)
        made.in_source(f"ALTER DATABASE faults_clock_source SET timezone = '{zone}'")
        made.in_staging(f"ALTER DATABASE faults_clock_warehouse SET timezone = '{zone}'")
        monkeypatch.setenv("TZ", zone)
        time.tzset()
        return made

    yield at
    monkeypatch.undo()
    time.tzset()


@pytest.mark.fault("midnight")
@pytest.mark.parametrize(("zone", "day"), NIGHTS)
def test_each_row_arrives_with_its_day(place, zone, day):
    """Rows of an hour that comes twice may arrive a day early, but none late."""
    pipeline = place(zone)
    first = datetime.fromisoformat(day).replace(tzinfo=timezone.utc)
    pipeline.in_source(ROWS, {"first": first})
    moments = {row[1] for row in pipeline.source_rows("shipmethod")}
    assert len(moments) == 3 * 6 * 24 + 3
    for number in range(3):
        start, end = (first + timedelta(days=days) for days in (number, number + 1))
        pipeline.run("shipmethod", window=interval_of_run(start, end), run_id=f"{zone} {start}")
        staged = {row[1] for row in pipeline.staging_rows("shipmethod")}
        assert staged >= {moment for moment in moments if moment < text(end)}
        assert staged <= {moment for moment in moments if moment < text(end + timedelta(hours=1))}
    assert pipeline.staging_rows("shipmethod") == pipeline.source_rows("shipmethod")


def text(moment):
    return moment.strftime("%Y-%m-%d %H:%M:%S")
