"""The same work is done twice: at the same time, or one time after the other."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from urllib.parse import quote

import pytest

from bikes_store import database
from bikes_store.errors import Refused, Unavailable
from bikes_store.lake import BUCKET, object_key
from cli.database import query
from tests.faults.twins import CHANGING
from tests.support.proxy import Point

TABLE = "person"


@pytest.mark.fault("two-runs")
def test_two_runs_of_one_day_at_once(twins):
    """Each table is extracted and loaded by both at the same time. Neither may write what the other wrote."""
    run_id = twins.a_day()
    with ThreadPoolExecutor() as pool:
        runs = [pool.submit(run_or_refusal, twins, f"{run_id} {number}") for number in (1, 2)]
        loaded = [run.result() for run in runs]
    for name in CHANGING:
        assert sum(name in each and each[name].written + each[name].deleted > 0 for each in loaded) == 1
    twins.assert_right(run_id)


def run_or_refusal(twins, run_id):
    """A load may refuse an object that is older than what the table holds."""
    for name in CHANGING:
        twins.pipeline.extract(name, run_id)
    loaded = {}
    for name in CHANGING:
        with suppress(Refused):
            loaded[name] = twins.pipeline.load(name, run_id)
    return loaded


@pytest.mark.fault("two-tries")
def test_a_try_begins_while_the_one_before_still_works(twins, to_postgres):
    """As when a worker loses its connection to Airflow, but not to the warehouse: its task is given to another."""
    run_id = twins.a_day()
    twins.pipeline.extract(TABLE, run_id)
    reached = to_postgres.hold_at(Point("server", before=b"COMMIT"))
    with ThreadPoolExecutor() as pool:
        first = pool.submit(twins.through(warehouse=to_postgres.port).load, TABLE, run_id)
        assert reached.wait(30)
        second = pool.submit(twins.pipeline.load, TABLE, run_id)
        waiting = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE 'LOCK TABLE%'"
        while query(twins.postgres.dsn(), waiting) != [(1,)]:
            assert not second.done(), second.result()
        to_postgres.heal()
        assert first.result().written > 0
        assert second.result().written == 0
    twins.retry("load", TABLE, run_id)
    twins.assert_right(run_id)


@pytest.mark.fault("vanished")
def test_a_try_begins_after_the_machine_of_the_one_before_vanished(twins, to_postgres, monkeypatch):
    """Nobody tells the server. Its session would hold the table's lock for ever; the session's settings end it."""
    run_id = twins.a_day()
    twins.pipeline.extract(TABLE, run_id)
    monkeypatch.setattr("bikes_store.database.LONGEST_PAUSE", 1)
    vanishing = twins.through(warehouse=to_postgres.port)
    vanishing.warehouse_dsn += f"?options={quote(database.options(3600, 60))}"
    reached = to_postgres.hold_at(Point("server", before=b"COMMIT"))
    with ThreadPoolExecutor() as pool:
        lost = pool.submit(vanishing.load, TABLE, run_id)
        assert reached.wait(30)
        assert twins.pipeline.load(TABLE, run_id).written > 0
        to_postgres.heal()
        with pytest.raises(Unavailable, match="The warehouse went away"):
            lost.result()
    twins.retry("load", TABLE, run_id)
    twins.assert_right(run_id)


@pytest.mark.fault("cleared")
def test_one_run_is_cleared_ten_times(twins):
    run_id = twins.a_day()
    twins.pipeline.run(*CHANGING, run_id=run_id)
    written = versions(twins)
    for _ in range(10):
        loaded = twins.pipeline.run(*CHANGING, run_id=run_id)
        assert all((each.written, each.deleted) == (0, 0) for each in loaded.values())
    assert versions(twins) == written
    found = twins.s3.list_objects_v2(Bucket=BUCKET, Prefix=object_key("person.person", run_id))
    assert len(found["Contents"]) == 1
    twins.assert_right(run_id)


def versions(twins):
    """Which transaction wrote each row."""
    tables = " UNION ALL ".join(f"SELECT '{name}', xmin::text, ctid::text FROM {name} AS t" for name in CHANGING)
    return sorted(query(f"{twins.hurt}?options=-csearch_path%3Dbikes_store_staging", tables))
