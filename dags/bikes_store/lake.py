"""Objects of the data lake: their names, what they carry, and streaming them in and out.

An object is one table of one run as CSV. Its metadata says what it should hold (:class:`Manifest`), and it appears
wholly or not at all: a multipart upload that fails is aborted, and S3 shows nothing before it is completed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING

import smart_open.s3
from botocore.exceptions import BotoCoreError, ClientError

from bikes_store.errors import Refused, Unavailable

if TYPE_CHECKING:
    from botocore.response import StreamingBody
    from mypy_boto3_s3 import S3Client

BUCKET = "bikes-store"
#: Bytes held in memory while an object is written, whatever its size. S3 allows 10,000 parts: 160 GB an object.
PART_SIZE = 16 * 1024 * 1024
# botocore tries again in seconds and Airflow in minutes; smart_open's own minute between them is too much.
smart_open.s3.RETRY.exceptions = []


@dataclass(frozen=True)
class Manifest:
    """What an object says of itself, kept in its metadata.

    ``window`` is "full" or "start/end" as :func:`bikes_store.window.to_text` writes it.
    """

    source: str
    run_id: str
    window: str
    columns: tuple[str, ...]
    rows: int

    def to_metadata(self) -> dict[str, str]:
        return {
            "source": self.source,
            "run-id": self.run_id,
            "window": self.window,
            "columns": ",".join(self.columns),
            "rows": str(self.rows),
        }

    @classmethod
    def from_metadata(cls, metadata: dict[str, str]) -> Manifest:
        """:raises KeyError, ValueError: when the metadata was not written by :meth:`to_metadata`."""
        return cls(
            metadata["source"],
            metadata["run-id"],
            metadata["window"],
            tuple(metadata["columns"].split(",")),
            int(metadata["rows"]),
        )


def folder(source: str) -> str:
    """Where the objects of a source table lie, as an ``s3://`` address."""
    return f"s3://{BUCKET}/{source}"


def object_key(source: str, run_id: str) -> str:
    """The one object that a run writes for a table; a load asks for it by the same two names."""
    return f"{source}/{re.sub(r'[^A-Za-z0-9._-]', '_', run_id)}.csv"


@contextmanager
def write_object(client: S3Client, manifest: Manifest) -> Iterator[IO[bytes]]:
    """Open the object of a manifest for writing; it exists once the block has ended without an error."""
    key = object_key(manifest.source, manifest.run_id)
    arguments = {"Metadata": manifest.to_metadata(), "ContentType": "text/csv; charset=utf-8"}
    with (
        _lake_errors(key),
        smart_open.s3.open(
            BUCKET,
            key,
            "wb",
            min_part_size=PART_SIZE,
            client=client,
            client_kwargs={"S3.Client.create_multipart_upload": arguments, "S3.Client.put_object": arguments},
        ) as stream,
    ):
        yield stream


@contextmanager
def read_object(client: S3Client, source: str, run_id: str) -> Iterator[tuple[Manifest, StreamingBody]]:
    """Open the object that a run wrote for a table: what it should hold, and its bytes.

    :raises Refused: when there is none, or it is not one of ours, or is another run's.
    """
    key = object_key(source, run_id)
    address = f"s3://{BUCKET}/{key}"
    with _lake_errors(key):
        response = client.get_object(Bucket=BUCKET, Key=key)
        try:
            manifest = Manifest.from_metadata(response["Metadata"])
        except (KeyError, ValueError):
            raise Refused(
                f"{address} was not written by an extract task: its metadata lacks source, run or rows."
            ) from None
        if (manifest.source, manifest.run_id) != (source, run_id):
            raise Refused(f"{address} belongs to {manifest.source} of run {manifest.run_id}, not to this run.")
        with response["Body"] as body:
            yield manifest, body


@contextmanager
def _lake_errors(key: str) -> Iterator[None]:
    """Turn what boto3 raises into a sentence that names the object."""
    address = f"s3://{BUCKET}/{key}"
    try:
        yield
    except (ClientError, ValueError) as caught:
        error = caught.__cause__ or caught  # smart_open tells of a wrong bucket with a ValueError
        if not isinstance(error, ClientError):
            raise
        code = error.response.get("Error", {}).get("Code", "")
        if code == "NoSuchKey":
            raise Refused(f"{address} does not exist: run the extract task of this run first.") from error
        if code == "NoSuchBucket":
            raise Refused(f"Bucket {BUCKET} does not exist in the lake: create it first.") from error
        raise Unavailable(f"The lake refused {address}: {error}.") from error
    except BotoCoreError as error:
        raise Unavailable(f"The lake can't be used for {address}: {error}.") from error
