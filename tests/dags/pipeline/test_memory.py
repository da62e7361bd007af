"""Memory does not depend on the size of a table."""

from __future__ import annotations

import json
import subprocess
import sys

from cli.database import query
from cli.paths import REPOSITORY

_RUN = """
import json, resource, sys
import psycopg2
from bikes_store.extract import extract_table
from bikes_store.load import load_table
from bikes_store.tables import TABLES
from bikes_store.window import FULL
from cli.processes import lake
from cli.processes.settings import Settings
from tests.support.pipeline import DAY
from pathlib import Path

arguments = json.load(sys.stdin)
s3 = lake.client(Settings(Path("/"), arguments["ports"], arguments["secrets"]))
extract_table(psycopg2.connect(arguments["source"]), s3, TABLES["store"], FULL, arguments["run_id"])
load_table(psycopg2.connect(arguments["staging"]), s3, TABLES["store"], arguments["run_id"], DAY)
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


def peak_megabytes(pipeline, services, run_id):
    arguments = {
        "ports": services.settings.ports,
        "secrets": services.settings.secrets,
        "source": pipeline.source_dsn,
        "staging": pipeline.warehouse_dsn,
        "run_id": run_id,
    }
    done = subprocess.run(
        [sys.executable, "-c", _RUN],
        input=json.dumps(arguments),
        capture_output=True,
        text=True,
        cwd=REPOSITORY,
        env={"PYTHONPATH": "dags:."},
    )
    assert done.returncode == 0, done.stderr
    return int(done.stdout.splitlines()[-1]) / 1024


def test_two_hundred_megabytes_take_no_more_memory_than_a_few_rows(pipeline, services):
    insert = (
        "INSERT INTO sales.store (businessentityid, name, demographics, modifieddate)"
        " SELECT n, 'x', ('<a>' || repeat('storey ', 300) || '</a>')::xml, now() FROM generate_series({}, {}) AS n"
    )
    pipeline.in_source(insert.format(1, 10))
    small = peak_megabytes(pipeline, services, "small")
    pipeline.in_source(insert.format(11, 100_000))
    large = peak_megabytes(pipeline, services, "large")
    assert query(pipeline.warehouse_dsn, "SELECT count(*) FROM bikes_store_staging.store") == [(100_000,)]
    # Two buffers of a part of the upload, and what the allocator keeps of them.
    assert large - small < 80, f"{small:.0f} MB for 10 rows, {large:.0f} MB for 100,000"
