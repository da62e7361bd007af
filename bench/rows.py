"""Ways to bring the 18 tables from the source to a staging area, each timed in a process of its own.

    python -m bench.rows copy|ours|lake|changes|dataframe

The environment says where things are: SOURCE_DSN, STAGING_DSN, LAKE_ENDPOINT, LAKE_ACCESS_KEY, LAKE_SECRET_KEY; for
``changes`` also DAY, whose changes are taken. Prints JSON: seconds, and the megabytes of memory that the way needed on
top of its imports.
"""

from __future__ import annotations

import io
import json
import os
import resource
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import datetime, timedelta
from typing import IO, TYPE_CHECKING

import psycopg2

from bikes_store.comparison import probe
from bikes_store.database import transaction
from bikes_store.extract import extract_table
from bikes_store.lake import object_key
from bikes_store.load import load_table
from bikes_store.tables import STAGING_SCHEMA, TABLES, Table
from bikes_store.window import FULL, Full, Window
from cli.airflow_settings import common_settings
from cli.lake import connect as connect_lake
from cli.names import BUCKETS

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

_RUN = "bench"
_AT_ONCE = int(common_settings()["AIRFLOW__CELERY__WORKER_CONCURRENCY"])
_ANY_DAY = Window(datetime(2024, 9, 1), datetime(2024, 9, 2))


def copy() -> None:
    """The limit: PostgreSQL writes, PostgreSQL reads, and a pipe is between them."""
    with closing(_source()) as source, closing(_staging()) as staging, staging.cursor() as cursor:
        for table in TABLES.values():
            columns = _quoted(table)
            reader, writer = os.pipe()
            outgoing = os.fdopen(writer, "wb")
            statement = f'COPY (SELECT {columns} FROM {table.schema}."{table.name}") TO STDOUT'
            sender = threading.Thread(target=_send, args=(source, statement, outgoing))
            sender.start()
            with os.fdopen(reader, "rb") as incoming:
                cursor.copy_expert(f"COPY {STAGING_SCHEMA}.{table.name} ({columns}) FROM STDIN", incoming)
            sender.join()
            staging.commit()


def ours() -> None:
    """The functions that the tasks call, as the DAG calls them: extracts side by side, loads one after another."""
    _through_the_lake(FULL)


def lake() -> None:
    """The lake's share of :func:`ours`, which must have run: the same objects, read and written again."""
    client = _lake()
    for table in TABLES.values():
        key = object_key(table.source, _RUN)
        content = client.get_object(Bucket=BUCKETS["data"], Key=key)["Body"].read()
        client.put_object(Bucket=BUCKETS["data"], Key=key, Body=content)


def changes() -> None:
    """What :func:`ours` does, for the rows that changed on one day."""
    start = datetime.fromisoformat(os.environ["DAY"])
    _through_the_lake(Window(start, start + timedelta(days=1)))


def dataframe() -> None:
    """What many pipelines do: all rows into a DataFrame, a CSV object, a DataFrame again, and an upsert by row."""
    import pandas as pd
    from pangres import upsert
    from sqlalchemy import create_engine

    client = _lake()
    with closing(_source()) as source, source.cursor() as cursor:
        for table in TABLES.values():
            cursor.execute(f'SELECT {_quoted(table)} FROM {table.schema}."{table.name}"')
            # As objects: an integer column with a null would become one of floats.
            frame = pd.DataFrame(cursor.fetchall(), columns=list(table.columns), dtype=object)
            content = frame.to_csv(index=False).encode()
            client.put_object(Bucket=BUCKETS["data"], Key=f"bench/{table.source}.csv", Body=content)
    engine = create_engine(os.environ["STAGING_DSN"])
    for table in TABLES.values():
        stored = client.get_object(Bucket=BUCKETS["data"], Key=f"bench/{table.source}.csv")["Body"].read()
        # Read as text, so that PostgreSQL sees the values as they were; pandas' guesses would spoil some of them.
        frame = pd.read_csv(io.BytesIO(stored), dtype=object).set_index(list(table.key))
        frame = frame.astype(object).where(frame.notna(), None)
        upsert(engine, frame, table.name, "update", schema=STAGING_SCHEMA, create_table=False)


def _through_the_lake(window: Window | Full) -> None:
    client = _lake()
    # As the tasks do: with a window, the staging area is asked how it hashes, and the keys are listed every day.
    is_window = isinstance(window, Window)
    hashes = _probe() if is_window else None

    def extract(table: Table) -> None:
        with closing(_source()) as source:
            extract_table(source, client, table, window, _RUN, list_keys=is_window, probe=hashes)

    with ThreadPoolExecutor(_AT_ONCE) as pool:
        list(pool.map(extract, TABLES.values()))
    with closing(_staging()) as staging:
        for table in TABLES.values():
            load_table(staging, client, table, _RUN, window if isinstance(window, Window) else _ANY_DAY)


def _probe() -> int | None:
    with closing(_staging()) as staging, transaction(staging, "warehouse") as cursor:
        return probe(cursor)


def _send(connection: psycopg2.extensions.connection, statement: str, outgoing: IO[bytes]) -> None:
    with outgoing, connection.cursor() as cursor:
        cursor.copy_expert(statement, outgoing)


def _quoted(table: Table) -> str:
    return ", ".join(f'"{column}"' for column in table.columns)


def _source() -> psycopg2.extensions.connection:
    return psycopg2.connect(os.environ["SOURCE_DSN"])


def _staging() -> psycopg2.extensions.connection:
    return psycopg2.connect(os.environ["STAGING_DSN"])


def _lake() -> S3Client:
    environment = os.environ
    return connect_lake(environment["LAKE_ENDPOINT"], environment["LAKE_ACCESS_KEY"], environment["LAKE_SECRET_KEY"])


WAYS: dict[str, Callable[[], None]] = {way.__name__: way for way in (copy, ours, lake, changes, dataframe)}


def main() -> int:
    way = WAYS[sys.argv[1]]
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    started = time.monotonic()
    way()
    seconds = time.monotonic() - started
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    print(json.dumps({"seconds": round(seconds, 2), "megabytes": round(grown / 1024)}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
