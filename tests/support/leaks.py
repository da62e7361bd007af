"""Find secrets where they must not be: in command lines, in files, in a lake, in a database, in Docker."""

from __future__ import annotations

import json
import os
import re
import threading
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from cli.database import query

if TYPE_CHECKING:
    from docker.models.containers import Container
    from mypy_boto3_s3 import S3Client

_SECONDS_BETWEEN_LOOKS = 0.1


class Secrets:
    """Secrets to look for. What is found is told by the secret's name."""

    def __init__(self, values: Mapping[str, str]) -> None:
        plain = {value.encode(): name for name, value in values.items()}
        # A bytea is hexadecimal in a row's text.
        self._names = plain | {value.hex().encode(): name for value, name in plain.items()}
        self._pattern = re.compile(b"|".join(map(re.escape, self._names)))

    def named_in(self, content: bytes) -> set[str]:
        """The names of the secrets that the content holds."""
        return {self._names[found] for found in self._pattern.findall(content)}


def in_files(secrets: Secrets, paths: Iterable[Path]) -> dict[str, set[str]]:
    """File => the names of the secrets in it."""
    return _found((str(path), secrets.named_in(path.read_bytes())) for path in paths if path.is_file())


def in_lake(secrets: Secrets, client: S3Client, buckets: Iterable[str]) -> dict[str, set[str]]:
    """Object => the names of the secrets in it and in its metadata."""

    def look() -> Iterator[tuple[str, set[str]]]:
        for bucket in buckets:
            for page in client.get_paginator("list_objects_v2").paginate(Bucket=bucket):
                for item in page.get("Contents", []):
                    answer = client.get_object(Bucket=bucket, Key=item["Key"])
                    content = answer["Body"].read() + str(answer["Metadata"]).encode()
                    yield f"s3://{bucket}/{item['Key']}", secrets.named_in(content)

    return _found(look())


def in_database(secrets: Secrets, dsn: str) -> dict[str, set[str]]:
    """Table => the names of the secrets in its rows."""
    tables = query(
        dsn, "SELECT format('%I.%I', schemaname, tablename) FROM pg_tables WHERE schemaname !~ '^(pg_|information_)'"
    )
    return _found(
        (table, secrets.named_in("\n".join(row for (row,) in query(dsn, f"SELECT t::text FROM {table} AS t")).encode()))
        for (table,) in tables
    )


def in_containers(secrets: Secrets, containers: Iterable[Container]) -> dict[str, set[str]]:
    """What Docker shows of a container => the names of the secrets in it: its log, its processes, what `docker inspect`
    says of it. Its environment is a place of its own, because it may hold some.
    """

    def look() -> Iterator[tuple[str, set[str]]]:
        for container in containers:
            settings = dict(container.attrs["Config"])
            environment = settings.pop("Env")
            described = {**container.attrs, "Config": settings}
            shown = {"log": container.logs(), "inspect": json.dumps(described), "environment": json.dumps(environment)}
            if container.status == "running":
                shown["processes"] = json.dumps(container.top(ps_args="-eo pid,args"))
            for what, text in shown.items():
                yield f"{container.name}: {what}", secrets.named_in(text if isinstance(text, bytes) else text.encode())

    return _found(look())


@contextmanager
def in_command_lines(secrets: Secrets) -> Iterator[dict[str, set[str]]]:
    """While the block runs: command line of any process of this machine => the names of the secrets in it."""
    seen: dict[str, set[str]] = {}
    ended = threading.Event()

    def look() -> None:
        while not ended.wait(_SECONDS_BETWEEN_LOOKS):
            # With glob() and read_bytes(), it would take a twentieth of a core while a stack is up.
            processes = [entry.path for entry in os.scandir("/proc") if entry.name.isdigit()]
            for process in processes:
                try:
                    with Path(process, "cmdline").open("rb", buffering=0) as file:
                        words = file.read()
                except OSError:  # it has ended
                    continue
                if names := secrets.named_in(words):
                    seen[words.replace(b"\0", b" ").decode(errors="replace")] = names

    thread = threading.Thread(target=look, daemon=True)
    thread.start()
    try:
        yield seen
    finally:
        ended.set()
        thread.join()


def _found(looked: Iterable[tuple[str, set[str]]]) -> dict[str, set[str]]:
    return {where: names for where, names in looked if names}
