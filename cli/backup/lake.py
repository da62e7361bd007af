"""Copy a bucket to a tar file and back, with the metadata of its objects. Nothing is held in memory but one part.

A bucket's old versions are not copied.
"""

from __future__ import annotations

import json
import tarfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from boto3.exceptions import Boto3Error
from boto3.s3.transfer import TransferConfig
from botocore.exceptions import BotoCoreError, ClientError

from cli.backup.files import open_private
from cli.errors import UserError

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

# Where the tar file keeps what S3 knows about an object.
_METADATA = "BIKES_STORE.metadata"
# One part at a time: threads of boto3 could read a stream ahead of each other.
_TRANSFER = TransferConfig(use_threads=False)


@dataclass(frozen=True)
class Bucket:
    """A bucket of the lake. ``kind`` is what it holds, ``name`` its name in S3."""

    kind: str
    client: S3Client
    name: str

    def sizes(self) -> dict[str, int]:
        """Key => bytes, of every object.

        :raises UserError: when the lake can't be reached or refuses.
        """
        with self._errors():
            pages = self.client.get_paginator("list_objects_v2").paginate(Bucket=self.name)
            return {item["Key"]: item["Size"] for page in pages for item in page.get("Contents", [])}

    def save(self, path: Path) -> dict[str, int]:
        """Write all objects to a new tar file; returns key => bytes.

        :raises UserError: when the lake refuses an object or cuts it off.
        """
        saved = {}
        with open_private(path) as file, tarfile.open(fileobj=file, mode="w|", format=tarfile.PAX_FORMAT) as tar:
            for key in sorted(self.sizes()):
                with self._errors(key):
                    try:
                        answer = self.client.get_object(Bucket=self.name, Key=key)
                    except self.client.exceptions.NoSuchKey:
                        continue  # its time was over, between the listing and now
                    kept = {"Metadata": answer["Metadata"], "ContentType": answer.get("ContentType", "")}
                    entry = tarfile.TarInfo(key)
                    entry.size, entry.mtime = answer["ContentLength"], int(answer["LastModified"].timestamp())
                    entry.mode = 0o600
                    # The key too: a name in a tar file may not end with a slash.
                    entry.pax_headers = {_METADATA: json.dumps({"Key": key, **kept})}
                    # "with answer["Body"]" would give urllib3's stream, whose errors are not those of boto3.
                    with closing(answer["Body"]) as body:
                        tar.addfile(entry, body)
                    saved[key] = entry.size
        return saved

    def put_back(self, path: Path) -> None:
        """Make the bucket hold what a tar file holds: first all that it has, then nothing else.

        :raises UserError: when the lake refuses an object, or holds something else at the end.
        """
        put = {}
        with tarfile.open(path, mode="r:") as tar:
            for entry in tar:
                kept: dict[str, Any] = json.loads(entry.pax_headers[_METADATA])
                key = kept.pop("Key")
                with self._errors(key):
                    self.client.upload_fileobj(
                        tar.extractfile(entry),  # type: ignore[arg-type]  # each entry is a file
                        self.name,
                        key,
                        ExtraArgs={name: value for name, value in kept.items() if value},
                        Config=_TRANSFER,
                    )
                put[key] = entry.size
        for key in self.sizes().keys() - put.keys():
            with self._errors(key):
                self.client.delete_object(Bucket=self.name, Key=key)
        if (found := self.sizes()) != put:
            off = sorted(key for key in found.keys() | put.keys() if found.get(key) != put.get(key))
            raise UserError(f"The bucket {self.name} does not hold what was put there, first {off[0]}: restore again.")

    @contextmanager
    def _errors(self, key: str = "") -> Iterator[None]:
        address = f"s3://{self.name}/{key}"
        try:
            yield
        except (BotoCoreError, ClientError, Boto3Error) as error:
            raise UserError(f"The lake can't be used for {address}: {error}") from error
        except OSError as error:
            raise UserError(f"{address} could not be copied: {error}") from error
