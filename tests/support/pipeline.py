"""The path of the rows without Airflow, as tests walk it."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import psycopg2

from bikes_store.extract import extract_table
from bikes_store.lake import Manifest
from bikes_store.load import Loaded, load_table
from bikes_store.tables import STAGING_SCHEMA, TABLES
from bikes_store.window import FULL, Full, Window
from cli.database import connect
from tests.support.compare import rows_of

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

DAY = Window(datetime(2024, 9, 1), datetime(2024, 9, 2))


@dataclass
class Pipeline:
    """The path of the rows without Airflow: the functions that the DAG's tasks call."""

    source_dsn: str
    warehouse_dsn: str
    s3: S3Client

    def in_source(self, statement: str, parameters: Any = None) -> None:
        self._execute(self.source_dsn, statement, parameters)

    def in_staging(self, statement: str, parameters: Any = None) -> None:
        self._execute(self.warehouse_dsn, statement, parameters)

    def extract(self, name: str, run_id: str, window: Window | Full = FULL) -> Manifest:
        with closing(psycopg2.connect(self.source_dsn)) as source:
            return extract_table(source, self.s3, TABLES[name], window, run_id)

    def load(self, name: str, run_id: str, interval: Window = DAY) -> Loaded:
        with closing(psycopg2.connect(self.warehouse_dsn)) as staging:
            return load_table(staging, self.s3, TABLES[name], run_id, interval)

    def run(self, *names: str, window: Window | Full = FULL, run_id: str = "") -> dict[str, Loaded]:
        """Extract and load tables (all of them by default), as one run."""
        run_id = run_id or f"test__{uuid4()}"
        names = names or tuple(TABLES)
        for name in names:
            self.extract(name, run_id, window)
        interval = window if isinstance(window, Window) else DAY
        return {name: self.load(name, run_id, interval) for name in names}

    def source_rows(self, name: str) -> list[tuple[str, ...]]:
        return rows_of(self.source_dsn, TABLES[name].schema, TABLES[name])

    def staging_rows(self, name: str) -> list[tuple[str, ...]]:
        return rows_of(self.warehouse_dsn, STAGING_SCHEMA, TABLES[name])

    def _execute(self, dsn: str, statement: str, parameters: Any) -> None:
        with connect(dsn) as connection, connection.cursor() as cursor:
            cursor.execute(statement, parameters)
