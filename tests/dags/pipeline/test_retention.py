"""What old objects the lake loses, and which it keeps."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest
from botocore.exceptions import ClientError

from bikes_store.comparison import list_name
from bikes_store.errors import Refused, Unavailable
from bikes_store.lake import BUCKET, object_key
from bikes_store.retention import remove_extracts, remove_logs
from bikes_store.tables import CURRENCY, TABLES

STORE = TABLES["store"]
SCHEDULED = "scheduled__2024-09-01T00:00:00+00:00"


@pytest.fixture
def empty(s3):
    for page in s3.get_paginator("list_objects_v2").paginate(Bucket=BUCKET):
        for each in page.get("Contents", []):
            s3.delete_object(Bucket=BUCKET, Key=each["Key"])
    return s3


class Dated:
    """The lake, with another time for some of its objects: S3 sets the time of an object by itself."""

    def __init__(self, s3, ages):
        self.s3, self.ages = s3, ages

    def __getattr__(self, name):
        return getattr(self.s3, name)

    def get_paginator(self, name):
        paginator, ages = self.s3.get_paginator(name), self.ages

        class Paginator:
            def paginate(self, **options):
                for page in paginator.paginate(**options):
                    for each in page.get("Contents", []):
                        each["LastModified"] -= timedelta(days=ages.get(each["Key"], 0))
                    yield page

        return Paginator()


def put(s3, ages, bucket=BUCKET):
    for key in ages:
        s3.put_object(Bucket=bucket, Key=key, Body=b"a,b\n")
    return Dated(s3, ages)


def keys(s3, bucket=BUCKET, prefix=""):
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
    return {each["Key"] for page in pages for each in page.get("Contents", [])}


def days_ago(days):
    return datetime.now(timezone.utc) - timedelta(days=days)


def test_what_is_older_than_the_days_goes_for_every_table_and_its_list_of_keys(empty):
    sources = [name for table in (*TABLES.values(), CURRENCY) for name in (table.source, list_name(table))]
    ages = {object_key(source, run): days for source in sources for run, days in (("old", 31), ("new", 29))}
    removed = remove_extracts(put(empty, ages), days_ago(30), [])
    assert removed.objects == len(sources) and removed.size == 4 * len(sources)
    assert keys(empty) == {object_key(source, "new") for source in sources}


def test_the_newest_object_of_a_table_stays_however_old_it_is(empty):
    """Nothing ran for months. The load of the last run can still be repeated."""
    ages = {object_key(STORE.source, "last"): 200, object_key(STORE.source, "before"): 201}
    assert remove_extracts(put(empty, ages), days_ago(30), []).objects == 1
    assert keys(empty) == {object_key(STORE.source, "last")}


def test_a_run_that_has_not_ended_keeps_what_it_may_load(empty):
    """An old day that waits for its turn, or hangs; the run's id has characters that a key has not."""
    ages = {object_key(STORE.source, SCHEDULED): 40, object_key(STORE.source, "other"): 40, "sales.store/new.csv": 0}
    remove_extracts(put(empty, ages), days_ago(30), [SCHEDULED])
    assert keys(empty) == {object_key(STORE.source, SCHEDULED), "sales.store/new.csv"}


def test_what_no_extract_task_wrote_is_left_alone(empty):
    ages = {"photos/bike.png": 400, "notes.txt": 400, "sales.store_backup/x.csv": 400, "sales.store/new.csv": 0}
    assert remove_extracts(put(empty, ages), days_ago(30), []).objects == 0
    assert keys(empty) == set(ages)


def test_old_logs_go_and_nothing_else_of_their_bucket(s3):
    log = "dag_id=d/run_id=r/task_id=t/attempt={}.log"
    ages = {log.format(1): 31, log.format(2): 29, "audit/dag_id=d": 90}
    before = keys(s3, "airflow-logs")
    assert remove_logs(put(s3, ages, "airflow-logs"), "airflow-logs", "", days_ago(30)) == (1, 4)
    assert keys(s3, "airflow-logs") - before == {log.format(2), "audit/dag_id=d"} - before
    deep = put(s3, {f"deep/er/{log.format(1)}": 31}, "airflow-logs")
    assert remove_logs(deep, "airflow-logs", "/deep/er", days_ago(30)) == (1, 4)


def test_a_lake_that_lacks_the_bucket_or_refuses_is_a_sentence(s3, monkeypatch):
    with pytest.raises(Refused, match="Bucket nowhere does not exist in the lake"):
        remove_logs(s3, "nowhere", "", days_ago(1))
    dated = put(s3, {"dag_id=x": 31}, "airflow-logs")
    monkeypatch.setattr(s3, "delete_object", refuse)
    with pytest.raises(Unavailable, match=r"The lake refused s3://airflow-logs/dag_id=x: .*AccessDenied"):
        remove_logs(dated, "airflow-logs", "", days_ago(30))


def refuse(**_):
    raise ClientError({"Error": {"Code": "AccessDenied", "Message": "no"}}, "DeleteObject")
