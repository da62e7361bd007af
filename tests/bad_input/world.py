"""What a case of bad input works on: a small platform whose staging area is filled, and ways to spoil one thing."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta, timezone
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from bikes_store.airflow_glue import connections, tasks, variables
from bikes_store.lake import object_key
from bikes_store.tables import CURRENCY, STAGING_SCHEMA, TABLES
from cli.database import query
from tests.support.pipeline import Pipeline
from tests.support.services import Postgres
from tests.support.web import Web

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

INTERVAL_START = datetime(2024, 9, 1, tzinfo=timezone.utc)
#: The lake's bucket of these tests alone.
BUCKET = "bad-input"
_RUNS = count()
_DRIFTED = "bad_input_drifted"


@dataclass
class World:
    """A source, a warehouse, a lake and a currency API, with Airflow's connections and variables for them."""

    patch: pytest.MonkeyPatch
    postgres: Postgres
    pipeline: Pipeline
    web: Web
    log: pytest.LogCaptureFixture
    capture: pytest.CaptureFixture[str]
    terraform_errors: Callable[[int], str]
    folder: Path
    secrets: Mapping[str, str]
    run_id: str = field(default_factory=lambda: f"bad-{next(_RUNS)}")

    # Ways to spoil something.

    def variable(self, name: str, value: str | None) -> None:
        """Give an Airflow variable a value, or none."""
        self._environment(f"AIRFLOW_VAR_{name.upper()}", value)

    def incremental(self) -> None:
        self.variable(variables.INCREMENTAL_MODE, "True")

    def connection(self, name: str, uri: str | None, **changes: Any) -> None:
        """Give an Airflow connection another URI (or none), or change parts of the one it has."""
        if changes:
            connection = json.loads(json.dumps(_parts(name)))
            uri = json.dumps({**connection, **changes})
        self._environment(f"AIRFLOW_CONN_{name.upper()}", uri)

    def source(self, *statements: str) -> None:
        """Change the source, which is a copy for this case."""
        if not self.pipeline.source_dsn.endswith(_DRIFTED):
            dsn = self.postgres.create_database(_DRIFTED, "bad_input_source")
            self.pipeline = replace(self.pipeline, source_dsn=dsn)
            self.connection(connections.SOURCE, dsn)
        for statement in statements:
            self.pipeline.in_source(statement)

    def answer(self, body: bytes | Any, status: int = 200, **headers: str) -> None:
        """Let the currency API answer every request with this."""
        self.web.answers = [(status, body if isinstance(body, bytes) else json.dumps(body).encode())]
        self.web.headers = {name.replace("_", "-"): value for name, value in headers.items()}

    def spoil(self, name: str, body: Callable[[bytes], bytes] = lambda body: body, **metadata: str | None) -> None:
        """Write the object of this run again, with another body or other metadata; None leaves an entry out."""
        key = object_key((CURRENCY if name == CURRENCY.name else TABLES[name]).source, self.run_id)
        found = self.s3.get_object(Bucket=BUCKET, Key=key)
        entries = {**found["Metadata"], **{entry.replace("_", "-"): value for entry, value in metadata.items()}}
        kept = {entry: value for entry, value in entries.items() if value is not None}
        self.s3.put_object(Bucket=BUCKET, Key=key, Body=body(found["Body"].read()), Metadata=kept)

    # What then runs.

    def extract(self, name: str) -> Any:
        return tasks.extract_database_table(name, **self.context)

    def load(self, name: str) -> Any:
        return tasks.load_database_table(name, **self.context)

    def currencies(self) -> Any:
        return tasks.extract_currencies(**self.context)

    def command(self, main: Callable[[], int], *arguments: str, **environment: str) -> int:
        """Run what make calls, with make's variables."""
        for name, value in environment.items():
            self.patch.setenv(name, value)
        self.patch.setattr(sys, "argv", ["make", *arguments])
        self.patch.setattr("cli.processes.__main__.DEMO_HOME", self.folder)
        self.patch.setattr("cli.processes.platform.Platform.__init__", _nothing_may_start)
        return main()

    # What is looked at.

    @property
    def s3(self) -> S3Client:
        return self.pipeline.s3

    @property
    def context(self) -> dict[str, Any]:
        return {
            "run_id": self.run_id,
            "data_interval_start": INTERVAL_START,
            "data_interval_end": INTERVAL_START + timedelta(days=1),
        }

    def state(self) -> dict[str, Any]:
        """All that the platform has written: objects of the lake, rows of the staging area."""
        objects = self.s3.list_objects_v2(Bucket=BUCKET)
        assert not objects["IsTruncated"]
        names = [*TABLES, CURRENCY.name, "load_log"]
        rows = " UNION ALL ".join(
            f"SELECT '{name}', md5(string_agg(t::text, '|' ORDER BY t::text)) FROM {STAGING_SCHEMA}.{name} AS t"
            for name in names
        )
        return {
            "objects": {(found["Key"], found["ETag"]) for found in objects.get("Contents", [])},
            "files": sorted(file for file in self.folder.rglob("*") if file.name != "lock"),
            "unfinished": self.s3.list_multipart_uploads(Bucket=BUCKET).get("Uploads", []),
            **dict(query(self.pipeline.warehouse_dsn, rows)),
        }

    def _environment(self, name: str, value: str | None) -> None:
        if value is None:
            self.patch.delenv(name)
        else:
            self.patch.setenv(name, value)


def _nothing_may_start(*_: object) -> None:
    raise AssertionError("the settings were taken, and the platform would start")


def _parts(name: str) -> dict[str, Any]:
    """A connection as Airflow's JSON has it."""
    from airflow.hooks.base import BaseHook

    return json.loads(BaseHook.get_connection(name).as_json())
