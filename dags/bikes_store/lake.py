"""Objects of the data lake: their names, their metadata, and how to stream them in and out.

An object is one table of one run as CSV. Its metadata says what it should hold (:class:`Manifest`). It appears whole or
not at all: a multipart upload that fails is aborted, and S3 shows nothing before an upload is complete. A worker that
was killed could not abort its upload; the next upload of that table does.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from io import BufferedWriter, RawIOBase
from typing import IO, TYPE_CHECKING

import smart_open.s3
from botocore.exceptions import BotoCoreError, ClientError

from bikes_store.comparison import Fingerprint
from bikes_store.environment import data_bucket
from bikes_store.errors import Refused, Unavailable
from bikes_store.window import FULL, read_window

if TYPE_CHECKING:
    from botocore.response import StreamingBody
    from mypy_boto3_s3 import S3Client

log = logging.getLogger(__name__)

BUCKET = data_bucket()
#: Bytes held in memory while an object is written, whatever its size. S3 allows 10,000 parts: 160 GB for one object.
PART_SIZE = 16 * 1024 * 1024
#: Bytes that COPY and an object pass on at once. By itself, COPY writes single rows and reads 8,192 bytes. Each time is
#: a call of Python, and all of them are a quarter of its processor time.
CHUNK_SIZE = 256 * 1024
#: No upload takes as long. One that is older has lost its worker.
LONGEST_UPLOAD = timedelta(days=1)
# botocore retries after seconds and Airflow after minutes; smart_open's own wait of a minute between them is too much,
# and it ends in an error that does not name the lake.
smart_open.s3.RETRY.exceptions = []
smart_open.s3.RETRY.client_error_codes = []


@dataclass(frozen=True)
class Manifest:
    """What an object says about itself, in its metadata.

    ``window`` is "full" or "start/end", as :mod:`bikes_store.window` writes it. ``extracted_at`` is when the source was
    read, by the source's clock and with a time zone: what was committed there before is in the object.

    ``types`` is those of the columns as they are written, in their order; empty when the source has none.

    Only objects of a window have one of the last two, which say what the whole table in the source holds.
    ``listed_rows``: the run has also written an object that lists so many rows, all that the table has. Without such a
    list, there is a ``fingerprint``. ``probe``: what :func:`bikes_store.comparison.probe` gave, when either of them was
    made with PostgreSQL's own hash function; None when it was made with MD5.
    """

    source: str
    run_id: str
    window: str
    columns: tuple[str, ...]
    rows: int
    extracted_at: datetime
    types: tuple[str, ...] = ()
    fingerprint: Fingerprint | None = None
    listed_rows: int | None = None
    probe: int | None = None

    @property
    def is_full(self) -> bool:
        """Whether the object holds all rows of its table, not only those of a window."""
        return self.window == str(FULL)

    def to_metadata(self) -> dict[str, str]:
        """The manifest as S3 keeps it. What is empty is left out: some lakes keep an empty entry, and some drop it."""
        entries = {
            "source": self.source,
            "run-id": self.run_id,
            "window": self.window,
            "columns": ",".join(self.columns),
            # S3 takes ASCII only, and a type of the source's own may have any name.
            "types": ";".join(self.types).encode("ascii", "backslashreplace").decode(),
            "rows": str(self.rows),
            "extracted-at": self.extracted_at.astimezone(timezone.utc).isoformat(),
            "fingerprint": str(self.fingerprint or ""),
            "listed-rows": _text(self.listed_rows),
            "hash-probe": _text(self.probe),
        }
        return {name: value for name, value in entries.items() if value}

    @classmethod
    def from_metadata(cls, metadata: dict[str, str], stored_at: datetime) -> Manifest:
        """The manifest that :meth:`to_metadata` wrote.

        An object can't be older than what it holds. So ``extracted_at`` is never later than ``stored_at``, even when
        the source's clock was ahead. An object that says nothing about it, as earlier releases wrote them, counts as
        extracted when it was stored.

        An object with a list that the release before wrote has the number of its rows in the fingerprint.

        :param stored_at: when the lake stored the object. S3 gives whole seconds.
        :raises KeyError: when the metadata lacks an entry.
        :raises ValueError: when what should be a number is not one, the time is not one with a time zone, or the window
            or the fingerprint is something else.
        """
        extracted_at = datetime.fromisoformat(metadata["extracted-at"]) if "extracted-at" in metadata else stored_at
        if extracted_at.tzinfo is None:
            raise ValueError(f"{extracted_at} has no time zone")
        read_window(metadata["window"])
        types, written = metadata.get("types"), metadata.get("fingerprint")
        fingerprint = Fingerprint.parse(written) if written else None
        listed, probe = metadata.get("listed-rows"), metadata.get("hash-probe")
        if fingerprint and metadata.get("lists-keys") == "yes":
            listed = str(fingerprint.rows)
        return cls(
            metadata["source"],
            metadata["run-id"],
            metadata["window"],
            tuple(metadata["columns"].split(",")),
            int(metadata["rows"]),
            min(extracted_at, stored_at + timedelta(seconds=1)),
            tuple(types.split(";")) if types else (),
            fingerprint,
            int(listed) if listed else None,
            int(probe) if probe else None,
        )


def _text(number: int | None) -> str:
    return "" if number is None else str(number)


def object_key(source: str, run_id: str) -> str:
    """Key of the one object that a run writes for a table. The load finds the object by the same two names."""
    return f"{source}/{re.sub(r'[^A-Za-z0-9._-]', '_', run_id)}.csv"


@contextmanager
def write_object(client: S3Client, manifest: Manifest) -> Iterator[IO[bytes]]:
    """Open the object of a manifest for writing. It exists once the block has ended without an error.

    :raises Refused: when the bucket does not exist.
    :raises Unavailable: when the lake can't be reached or refuses the object.
    """
    key = object_key(manifest.source, manifest.run_id)
    arguments = {"Metadata": manifest.to_metadata(), "ContentType": "text/csv; charset=utf-8"}
    with lake_errors(key):
        _abort_unfinished(client, manifest.source, key)
        with smart_open.s3.open(
            BUCKET,
            key,
            "wb",
            min_part_size=PART_SIZE,
            client=client,
            client_kwargs={"S3.Client.create_multipart_upload": arguments, "S3.Client.put_object": arguments},
        ) as upload:
            # Once the upload is closed, also by an error, what is still in the buffer is not written.
            stream = BufferedWriter(upload, CHUNK_SIZE)
            yield stream
            stream.flush()


def _abort_unfinished(client: S3Client, source: str, key: str) -> None:
    """Free what killed workers left: unfinished uploads of this object, and those of the table that are too old."""
    too_old = datetime.now(timezone.utc) - LONGEST_UPLOAD
    # MinIO lists the uploads of one object only, by its whole key; the others list all that begin so.
    for prefix in (key, f"{source}/"):
        try:
            uploads = client.list_multipart_uploads(Bucket=BUCKET, Prefix=prefix).get("Uploads", [])
        except ClientError as error:
            if error.response.get("Error", {}).get("Code") != "AccessDenied":
                raise
            log.warning("The lake does not let this user list unfinished uploads, so none is removed: %s", error)
            return
        for upload in uploads:
            if upload["Key"] == key or upload["Initiated"] < too_old:
                with suppress(client.exceptions.NoSuchUpload):  # somebody else was quicker
                    client.abort_multipart_upload(Bucket=BUCKET, Key=upload["Key"], UploadId=upload["UploadId"])
                log.warning("s3://%s/%s: an upload that never ended is removed", BUCKET, upload["Key"])


@contextmanager
def read_object(client: S3Client, source: str, run_id: str) -> Iterator[tuple[Manifest, Body]]:
    """Open the object that a run wrote for a table.

    :return: what the object should hold, and its bytes.
    :raises Refused: when there is no such object, no extract task wrote it, or it belongs to another run.
    :raises Unavailable: when the lake can't be reached or refuses the object.
    """
    key = object_key(source, run_id)
    address = f"s3://{BUCKET}/{key}"
    with lake_errors(key):
        response = client.get_object(Bucket=BUCKET, Key=key)
        try:
            manifest = Manifest.from_metadata(response["Metadata"], response["LastModified"])
        except (KeyError, ValueError):
            raise Refused(
                f"{address} was not written by an extract task: its metadata lacks source, run or rows, or spoils them."
            ) from None
        if (manifest.source, manifest.run_id) != (source, run_id):
            raise Refused(f"{address} belongs to {manifest.source} of run {manifest.run_id}, not to this run.")
        # "with response["Body"]" would give urllib3's stream, which takes the end of a connection for the end of the
        # object (github.com/boto/botocore/issues/3564).
        with closing(response["Body"]) as stream:
            body = Body(stream)
            try:
                yield manifest, body
            except Exception:
                if body.error is None:
                    raise
                raise Unavailable(f"The lake broke off {address} in the middle: {body.error}.") from body.error


class Body(RawIOBase):
    """The bytes of an object. It keeps the error of a read that failed.

    psycopg2 reads for COPY. When a read fails, it raises an error of PostgreSQL, which names the wrong service.
    """

    def __init__(self, stream: StreamingBody) -> None:
        super().__init__()
        self._stream = stream
        self.error: Exception | None = None

    def read(self, size: int = -1) -> bytes:
        """The next bytes, at most ``size``; none at the end. The lake says beforehand how many bytes there are."""
        try:
            return self._stream.read(size if size >= 0 else None)
        except Exception as error:
            self.error = error
            raise


@contextmanager
def lake_errors(key: str, bucket: str = "") -> Iterator[None]:
    """Turn an error of boto3 into a sentence that names the object.

    :param bucket: the object's, if it is not that of the extracted tables.
    :raises Refused: when the object or the bucket does not exist.
    :raises Unavailable: when the lake can't be reached or refuses.
    """
    bucket = bucket or BUCKET
    address = f"s3://{bucket}/{key}"
    try:
        yield
    except (ClientError, ValueError) as caught:
        error = caught.__cause__ or caught  # smart_open raises a ValueError for a wrong bucket
        if not isinstance(error, ClientError):
            raise
        code = error.response.get("Error", {}).get("Code", "")
        if code == "NoSuchKey":
            raise Refused(f"{address} does not exist: run the extract task of this run first.") from error
        if code == "NoSuchBucket":
            raise Refused(f"Bucket {bucket} does not exist in the lake: create it first.") from error
        raise Unavailable(f"The lake refused {address}: {error}.") from error
    except BotoCoreError as error:
        raise Unavailable(f"The lake can't be used for {address}: {error}.") from error
