"""A worker is killed in the middle of a step. No code of ours runs after that."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

import pytest

from bikes_store.lake import BUCKET
from cli.paths import REPOSITORY
from tests.support.proxy import Point

TABLE = "person"
SOME = 100_000  # bytes; the table is more than ten times as large


@pytest.fixture
def kill(twins, to_postgres, to_lake):
    """Start a step in a process of its own, and kill it where the proxy in front of a service holds it."""

    def run(step, run_id, service, point):
        pipeline = {
            "source": twins.through(source=to_postgres.port),
            "warehouse": twins.through(warehouse=to_postgres.port),
            "lake": twins.through(lake_port=to_lake.port),
        }[service]
        reached = (to_lake if service == "lake" else to_postgres).hold_at(point)
        with subprocess.Popen(
            [sys.executable, "-m", "tests.faults.child", twins.child(step, TABLE, run_id, pipeline)],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            cwd=REPOSITORY,
            env={**os.environ, "PYTHONPATH": "dags:."},
        ) as child:
            is_reached = reached.wait(60)
            child.kill()
        assert is_reached, child.communicate()
        assert child.returncode == -signal.SIGKILL

    return run


@pytest.mark.parametrize(
    ("service", "point"),
    [
        pytest.param("source", Point("client", SOME), marks=pytest.mark.fault("killed-extract")),
        pytest.param("lake", Point("server", SOME), marks=pytest.mark.fault("killed-upload")),
    ],
    ids=["extract", "upload"],
)
def test_killed_while_it_extracts(twins, kill, service, point):
    run_id = twins.a_day()
    kill("extract", run_id, service, point)
    assert "Contents" not in twins.s3.list_objects_v2(Bucket=BUCKET, Prefix=f"person.person/{run_id}")
    twins.retry("extract", TABLE, run_id)
    twins.assert_right(run_id)


@pytest.mark.parametrize(
    ("service", "point", "is_loaded"),
    [
        pytest.param("lake", Point("client", SOME), False, marks=pytest.mark.fault("killed-copy")),
        pytest.param("warehouse", Point("server", SOME), False, marks=pytest.mark.fault("killed-copy")),
        pytest.param("warehouse", Point("server", before=b"COMMIT"), False, marks=pytest.mark.fault("killed-commit")),
        pytest.param("warehouse", Point("client", before=b"COMMIT"), True, marks=pytest.mark.fault("killed-answer")),
    ],
    ids=["download", "copy", "commit", "answer"],
)
def test_killed_while_it_loads(twins, kill, service, point, is_loaded):
    run_id = twins.a_day()
    before = twins.staged(TABLE)
    twins.pipeline.extract(TABLE, run_id)
    kill("load", run_id, service, point)
    twins.assert_nothing_left()
    assert (twins.staged(TABLE) != before) == is_loaded
    loaded = twins.retry("load", TABLE, run_id)
    assert (loaded.written == 0) == is_loaded
    twins.assert_right(run_id)
