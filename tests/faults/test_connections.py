"""A connection to PostgreSQL breaks, is refused, or is slow."""

from __future__ import annotations

from dataclasses import replace

import psycopg2
import pytest

from bikes_store.errors import Unavailable
from bikes_store.lake import BUCKET
from tests.faults.twins import CHANGING, meanwhile
from tests.support.proxy import ENDS, Point

TABLE = "person"
SOME = 100_000  # bytes; the table is more than ten times as large

#: What a task gets from a database that does not let it in. Airflow tries such a task again.
NOT_LET_IN = (Unavailable, psycopg2.OperationalError)


@pytest.mark.fault("cut-source")
@pytest.mark.parametrize("orderly", ENDS)
def test_source_is_cut_off_mid_stream(twins, to_postgres, orderly):
    run_id = twins.a_day()
    reached = to_postgres.cut_at(Point("client", SOME, orderly=orderly))
    with pytest.raises(Unavailable, match="The source went away in the middle of the work"):
        twins.through(source=to_postgres.port).extract(TABLE, run_id)
    assert reached.is_set()
    assert "Contents" not in twins.s3.list_objects_v2(Bucket=BUCKET, Prefix=f"person.person/{run_id}")
    twins.assert_nothing_left()
    twins.retry("extract", TABLE, run_id)
    twins.assert_right(run_id)


@pytest.mark.parametrize("orderly", ENDS)
@pytest.mark.parametrize(
    ("point", "is_loaded"),
    [
        pytest.param(Point("server", SOME), False, marks=pytest.mark.fault("cut-warehouse")),
        pytest.param(Point("server", before=b"COMMIT"), False, marks=pytest.mark.fault("cut-commit")),
        pytest.param(Point("client", before=b"COMMIT"), True, marks=pytest.mark.fault("cut-answer")),
    ],
    ids=["copy", "commit", "answer"],
)
def test_warehouse_is_cut_off(twins, to_postgres, point, is_loaded, orderly):
    run_id = twins.a_day()
    before = twins.staged(TABLE)
    twins.pipeline.extract(TABLE, run_id)
    reached = to_postgres.cut_at(replace(point, orderly=orderly))
    with pytest.raises(Unavailable, match="The warehouse went away in the middle of the work"):
        twins.through(warehouse=to_postgres.port).load(TABLE, run_id)
    assert reached.is_set()
    twins.assert_nothing_left()
    assert (twins.staged(TABLE) != before) == is_loaded
    loaded = twins.retry("load", TABLE, run_id)
    assert (loaded.written == 0) == is_loaded
    twins.assert_right(run_id)


@pytest.mark.fault("slow")
def test_everything_is_slow_and_comes_in_pieces(twins, to_postgres, to_lake):
    """Pieces of a few hundred bytes split every message of the protocols."""
    run_id = twins.a_day()
    to_postgres.slow(piece=1499, pause=0.0005)
    to_lake.slow(piece=1499, pause=0.0005)
    slow = twins.through(source=to_postgres.port, warehouse=to_postgres.port, lake_port=to_lake.port)
    slow.run(*CHANGING, run_id=run_id)
    twins.assert_right(run_id)


@pytest.mark.fault("refused")
@pytest.mark.parametrize("which", ["source", "warehouse"])
def test_nobody_listens(twins, to_postgres, which):
    run_id = twins.a_day()
    to_postgres.refuse()
    through = twins.through(**{which: to_postgres.port})
    step = "extract" if which == "source" else "load"
    if step == "load":
        through.extract(TABLE, run_id)
    with pytest.raises(NOT_LET_IN, match="Connection refused"):
        getattr(through, step)(TABLE, run_id)
    to_postgres.heal()
    getattr(through, step)(TABLE, run_id)
    twins.retry("load", TABLE, run_id)
    twins.assert_right(run_id)


@pytest.mark.fault("refused")
@pytest.mark.parametrize("name", ["source", "hurt"])
def test_database_takes_no_connections(twins, name):
    run_id = twins.a_day()
    step = "extract" if name == "source" else "load"
    if step == "load":
        twins.pipeline.extract(TABLE, run_id)
    with (
        twins.no_connections(getattr(twins, name)),
        pytest.raises(NOT_LET_IN, match="is not currently accepting connections"),
    ):
        getattr(twins.pipeline, step)(TABLE, run_id)
    twins.retry(step, TABLE, run_id)
    twins.assert_right(run_id)


@pytest.mark.fault("restarted")
def test_postgresql_dies_at_once(twins, to_postgres, services):
    """As after a loss of power: what was committed is there, what was not is gone."""
    run_id = twins.a_day()
    before = twins.staged(TABLE)
    twins.pipeline.extract(TABLE, run_id)
    reached = to_postgres.hold_at(Point("server", before=b"COMMIT"))
    with meanwhile(reached, lambda: services.crash("postgres")), pytest.raises(Unavailable, match="The warehouse"):
        twins.through(warehouse=to_postgres.port).load(TABLE, run_id)
    services.restart("postgres")
    assert twins.staged(TABLE) == before
    twins.retry("load", TABLE, run_id)
    twins.assert_right(run_id)
