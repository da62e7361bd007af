"""Midnight, and the days on which clocks change."""

from __future__ import annotations

import time
from datetime import datetime, timedelta, timezone

import pytest

from bikes_store.window import interval_of_run
from cli.paths import REPOSITORY
from cli.processes.postgres import psql
from tests.support.pipeline import Pipeline

#: A row every ten minutes of three days, and one just before each midnight.
ROWS = """
INSERT INTO purchasing.shipmethod (shipmethodid, name, shipbase, shiprate, modifieddate)
SELECT row_number() OVER (), 'ship ' || row_number() OVER (), 1, 1, moment
FROM (
    SELECT %(first)s + n * interval '10 minutes' AS moment FROM generate_series(0, 3 * 24 * 6 - 1) AS n
    UNION ALL
    SELECT %(first)s + n * interval '1 day' - interval '1 microsecond' FROM generate_series(1, 3) AS n
) AS moments
"""

#: Clocks change there in the night that begins on this day (UTC), and midnight there is at another hour of UTC.
NIGHTS = [
    ("America/New_York", "2024-03-09"),
    ("America/New_York", "2024-11-02"),
    ("Australia/Lord_Howe", "2024-04-06"),
    ("Europe/Berlin", "2024-10-26"),
]


@pytest.fixture
def empty(postgres, s3):
    source, warehouse = (postgres.create_database(f"faults_clock_{name}") for name in ("source", "warehouse"))
    psql(source).run(REPOSITORY / "source" / "bikes_store" / "schema.sql")
    psql(warehouse).run(REPOSITORY / "warehouse" / "staging.sql")
    return Pipeline(source, warehouse, s3)


@pytest.fixture
def clocks(monkeypatch):
    """Set the zone of this process, and of its sessions in PostgreSQL."""

    def to(zone):
        monkeypatch.setenv("TZ", zone)
        monkeypatch.setenv("PGTZ", zone)
        time.tzset()

    yield to
    monkeypatch.undo()
    time.tzset()


@pytest.mark.fault("midnight")
@pytest.mark.parametrize(("zone", "day"), NIGHTS)
def test_each_row_arrives_with_its_day(empty, clocks, zone, day):
    clocks(zone)
    first = datetime.fromisoformat(day).replace(tzinfo=timezone.utc)
    last = first + timedelta(days=3)
    empty.in_source(ROWS, {"first": first.replace(tzinfo=None)})
    source = empty.source_rows("shipmethod")
    assert len(source) == 3 * 6 * 24 + 3
    end = first
    while end < last:
        start, end = end, end + timedelta(days=1)
        empty.run("shipmethod", window=interval_of_run(start, end), run_id=f"{zone} {start}")
        expected = [row for row in source if row[-1] < f"{end:%Y-%m-%d %H:%M:%S}"]
        assert empty.staging_rows("shipmethod") == expected
    assert expected == source
