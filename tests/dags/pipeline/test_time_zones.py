"""A window is in UTC, and the change times of the source are in its own zone: a day takes its rows all the same."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

import pytest

from bikes_store.errors import Refused
from bikes_store.window import Window
from cli.database import query
from tests.support.pipeline import DAY, Pipeline

ZONES = ("UTC", "America/New_York", "Asia/Tokyo", "Australia/Lord_Howe")

# Four moments around a day, each written as the source's now() writes it.
AROUND_THE_DAY = """
INSERT INTO sales.salesreason (salesreasonid, name, reasontype, modifieddate)
SELECT number, 'x', 'y', moment::timestamptz
FROM (
    VALUES (1, '2024-08-31 23:59:59.999+00'), (2, '2024-09-01 00:00+00'), (3, '2024-09-01 23:59:59.999+00'),
    (4, '2024-09-02 00:00+00')
) AS moments (number, moment)
"""


@pytest.fixture(scope="module")
def databases(postgres, templates) -> tuple[str, str]:
    return (
        postgres.create_database("zones_source", templates[0]),
        postgres.create_database("zones_warehouse", templates[1]),
    )


@pytest.fixture
def zoned(databases, s3) -> Iterator[Pipeline]:
    """A pipeline whose source gets a time zone. All tests share the databases, and each finds the table empty."""
    pipeline = Pipeline(databases[0], databases[1], s3)
    yield pipeline
    empty(pipeline)
    pipeline.in_source("ALTER DATABASE zones_source RESET ALL")
    pipeline.in_source("ALTER ROLE CURRENT_USER IN DATABASE zones_source RESET ALL")


def empty(pipeline: Pipeline) -> None:
    pipeline.in_source("TRUNCATE sales.salesreason CASCADE")
    pipeline.in_staging("TRUNCATE bikes_store_staging.salesreason, bikes_store_staging.load_log")


def taken(pipeline) -> list[int]:
    return [
        number
        for (number,) in query(
            pipeline.warehouse_dsn, "SELECT salesreasonid FROM bikes_store_staging.salesreason ORDER BY 1"
        )
    ]


def set_zone(pipeline, zone: str) -> None:
    pipeline.in_source(f"ALTER DATABASE zones_source SET timezone = '{zone}'")


@pytest.mark.parametrize("zone", ZONES)
def test_a_day_takes_its_rows_whatever_the_zone_of_the_source_is(zoned, zone):
    set_zone(zoned, zone)
    zoned.in_source(AROUND_THE_DAY)
    zoned.run("salesreason", window=DAY)
    assert taken(zoned) == [2, 3]
    assert zoned.staging_rows("salesreason") == zoned.source_rows("salesreason")[1:3]  # copied as they are


@pytest.mark.parametrize("zone", ["America/New_York"])
def test_a_column_with_a_time_zone_arrives_in_utc(pipeline, zone):
    pipeline.in_source(f"ALTER DATABASE test_source SET timezone = '{zone}'")
    pipeline.in_source("ALTER TABLE sales.salesreason ALTER COLUMN modifieddate TYPE timestamptz")
    pipeline.in_source(AROUND_THE_DAY)
    pipeline.run("salesreason", window=DAY)
    times = [row[-1] for row in pipeline.staging_rows("salesreason")]
    assert times == ["2024-09-01 00:00:00", "2024-09-01 23:59:59.999"]


@pytest.mark.parametrize("worker", ["Asia/Tokyo", "America/New_York"])
def test_the_time_zone_of_the_worker_does_not_matter(zoned, monkeypatch, worker):
    set_zone(zoned, "Europe/Berlin")
    zoned.in_source(AROUND_THE_DAY)
    monkeypatch.setenv("TZ", worker)
    monkeypatch.setenv("PGTZ", worker)  # libpq sends this one with the connection
    zoned.run("salesreason", window=DAY)
    assert taken(zoned) == [2, 3]


def test_the_setting_of_the_role_goes_before_that_of_the_database(zoned, monkeypatch):
    set_zone(zoned, "Europe/Berlin")
    zoned.in_source("ALTER ROLE CURRENT_USER IN DATABASE zones_source SET timezone = 'Asia/Tokyo'")
    zoned.in_source(AROUND_THE_DAY)
    monkeypatch.setenv("PGTZ", "UTC")
    zoned.run("salesreason", window=DAY)
    assert taken(zoned) == [2, 3]


def test_a_zone_that_only_the_worker_says_is_refused(zoned, monkeypatch):
    monkeypatch.setenv("PGTZ", "Asia/Tokyo")
    with pytest.raises(Refused, match=r"'Asia/Tokyo' from this side .* BIKES_STORE_SOURCE_TIMEZONE"):
        zoned.extract("salesreason", "r", DAY)


def test_the_variable_goes_before_the_source(zoned):
    zoned.in_source(f"SET timezone = 'Asia/Tokyo'; {AROUND_THE_DAY}")
    zoned.zone = "Asia/Tokyo"
    zoned.run("salesreason", window=DAY)
    assert taken(zoned) == [2, 3]


@pytest.mark.parametrize(
    ("zone", "says"),
    [
        ("Asia/Tokio", "does not know the time zone 'Asia/Tokio': write a name"),
        ("'; DROP", "does not know the time zone"),
        ("UTC+9", "'UTC\\+9' is an offset; write it as a name"),
        ("+09:00", "is an offset; write it as a name"),
    ],
)
def test_a_zone_that_the_source_does_not_know_is_refused(zoned, zone, says):
    zoned.zone = zone
    with pytest.raises(Refused, match=says):
        zoned.extract("salesreason", "r", DAY)


# On 2024-11-03 the clock of New York is set back at 06:00 UTC, from 02:00 to 01:00: 01:30 comes at 05:30 and at 06:30.
@pytest.mark.parametrize(
    ("start", "end", "takes"),
    [
        (datetime(2024, 11, 3, 4), datetime(2024, 11, 3, 5, 45), [1]),
        (datetime(2024, 11, 3, 5, 45), datetime(2024, 11, 3, 7), [1, 2]),  # 1 may be of either hour
        (datetime(2024, 11, 3, 6, 45), datetime(2024, 11, 3, 9), [2]),
    ],
)
def test_an_hour_that_comes_twice_belongs_to_the_windows_of_both(zoned, start, end, takes):
    set_zone(zoned, "America/New_York")
    zoned.in_source(
        "INSERT INTO sales.salesreason (salesreasonid, name, reasontype, modifieddate)"
        " VALUES (1, 'x', 'y', '2024-11-03 01:30'), (2, 'x', 'y', '2024-11-03 02:30'),"
        " (3, 'x', 'y', '2024-11-03 12:00')"
    )
    zoned.run("salesreason", window=Window(start, end))
    assert set(takes) <= set(taken(zoned)) <= {1, 2}


def test_every_hour_around_the_change_of_the_clock_is_taken(zoned):
    """Windows of an hour, over both days on which the clock changes: nothing falls between two of them."""
    set_zone(zoned, "America/New_York")
    for day in ("2024-03-10", "2024-11-03"):
        empty(zoned)
        zoned.in_source(
            "INSERT INTO sales.salesreason (salesreasonid, name, reasontype, modifieddate)"
            f" SELECT n, 'x', 'y', '{day} 02:00Z'::timestamptz + n * interval '10 minutes'"
            " FROM generate_series(0, 59) AS n"
        )
        start = datetime.fromisoformat(day)
        for hour in range(2, 12):
            zoned.run("salesreason", window=Window(start.replace(hour=hour), start.replace(hour=hour + 1)))
        assert len(taken(zoned)) == 60


def test_a_date_belongs_to_every_window_that_begins_on_it(pipeline):
    pipeline.in_source("ALTER TABLE sales.salesreason ALTER COLUMN modifieddate TYPE date")
    pipeline.in_source(AROUND_THE_DAY)
    pipeline.run("salesreason", window=Window(datetime(2024, 9, 1, 18), datetime(2024, 9, 2)))
    assert taken(pipeline) == [2, 3]


def test_a_column_that_is_no_time_is_refused(pipeline):
    pipeline.in_source("ALTER TABLE sales.salesreason ALTER COLUMN modifieddate DROP DEFAULT")
    pipeline.in_source("ALTER TABLE sales.salesreason ALTER COLUMN modifieddate TYPE text")
    with pytest.raises(Refused, match=r"contract for sales\.salesreason: modifieddate is of type text"):
        pipeline.extract("salesreason", "r", DAY)
