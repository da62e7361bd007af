"""How long the lake's objects are kept.

Objects are listed and deleted one by one. A lifecycle rule of the lake would do it without a task, but not everywhere:
a lake elsewhere need not let the pipeline's user set one, and SeaweedFS, the demo's lake, stamps each object with its
end when it is written. There, a new rule does nothing to older objects, and a rule that is taken back does not save
what was written under it (https://github.com/seaweedfs/seaweedfs/issues/11183). Nor does a rule know which objects a
run still needs.
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterator
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple

from bikes_store.comparison import list_name
from bikes_store.lake import BUCKET, lake_errors, object_key
from bikes_store.tables import STAGED

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

log = logging.getLogger(__name__)


class Removed(NamedTuple):
    """What was deleted: how many objects, and how many bytes they had."""

    objects: int
    size: int


# Each log lies in the folder of its DAG: Airflow's setting log_filename_template.
_LOGS = "dag_id="


class _Object(NamedTuple):
    key: str
    stored_at: datetime
    size: int


def remove_extracts(client: S3Client, before: datetime, in_flight: Collection[str]) -> Removed:
    """Delete the objects of tables that were stored before a moment.

    What extract tasks did not write is left alone, and so are objects that somebody may load: those of runs that have
    not ended, and the newest one of each table, however old it is.

    :param before: with a time zone.
    :param in_flight: the ids of the staging runs that have not ended.
    :raises Refused: when the bucket does not exist.
    :raises Unavailable: when the lake can't be reached or refuses a deletion.
    """
    old: list[_Object] = []
    for source in (name for table in STAGED.values() for name in (table.source, list_name(table))):
        needed = {object_key(source, run_id) for run_id in in_flight}
        # What lies deeper, as the lists of keys do, is another source's.
        found = [each for each in _objects(client, BUCKET, f"{source}/") if "/" not in each.key[len(source) + 1 :]]
        newest = max(found, key=lambda each: each.stored_at, default=None)
        old += [each for each in found if each.stored_at < before and each != newest and each.key not in needed]
    return _delete(client, BUCKET, old)


def remove_logs(client: S3Client, bucket: str, folder: str, before: datetime) -> Removed:
    """Delete the logs of tasks that were stored before a moment. What else is in the bucket is left alone.

    :param folder: where Airflow writes them in the bucket; empty for all of it.
    :raises Refused: when the bucket does not exist.
    :raises Unavailable: when the lake can't be reached or refuses a deletion.
    """
    prefix = f"{folder.strip('/')}/{_LOGS}".lstrip("/")
    return _delete(client, bucket, [each for each in _objects(client, bucket, prefix) if each.stored_at < before])


def _objects(client: S3Client, bucket: str, prefix: str) -> Iterator[_Object]:
    with lake_errors(prefix, bucket):
        for page in client.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix):
            for each in page.get("Contents", []):
                yield _Object(each["Key"], each["LastModified"], each["Size"])


def _delete(client: S3Client, bucket: str, objects: Collection[_Object]) -> Removed:
    for each in objects:
        with lake_errors(each.key, bucket):
            client.delete_object(Bucket=bucket, Key=each.key)
        log.info("s3://%s/%s is removed: it was stored at %s", bucket, each.key, each.stored_at)
    return Removed(len(objects), sum(each.size for each in objects))
