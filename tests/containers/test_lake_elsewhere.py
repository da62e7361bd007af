"""docs/lake-elsewhere.md, run as it is written: its users, its command, its buckets, its health check."""

from __future__ import annotations

import json

import pytest
from botocore.exceptions import ClientError

from cli.lake import connect
from cli.names import BUCKETS, LAKE_ACCESS_KEY
from tests.support.elsewhere import OWNERS_SECRET, PIPELINES_SECRET, lake_block, lake_elsewhere


@pytest.fixture(scope="module")
def endpoint(tmp_path_factory):
    with lake_elsewhere(tmp_path_factory.mktemp("lake-elsewhere")) as url:
        yield url


@pytest.fixture
def pipeline(endpoint):
    return connect(endpoint, LAKE_ACCESS_KEY, PIPELINES_SECRET)


@pytest.mark.parametrize("bucket", BUCKETS.values())
def test_the_pipelines_user_does_its_work_in_both_buckets(pipeline, bucket):
    pipeline.put_object(Bucket=bucket, Key="a/b", Body=b"x" * 9)
    assert pipeline.get_object(Bucket=bucket, Key="a/b")["Body"].read() == b"x" * 9
    assert [each["Key"] for each in pipeline.list_objects_v2(Bucket=bucket)["Contents"]] == ["a/b"]
    pipeline.delete_object(Bucket=bucket, Key="a/b")
    assert pipeline.list_objects_v2(Bucket=bucket)["KeyCount"] == 0


@pytest.mark.parametrize(
    "call",
    [
        lambda s3: s3.create_bucket(Bucket="another"),
        lambda s3: s3.delete_bucket(Bucket="bikes-store"),
        lambda s3: s3.put_object(Bucket="of-others", Key="x", Body=b"x"),
        lambda s3: s3.list_objects_v2(Bucket="of-others"),
        lambda s3: s3.get_object(Bucket="of-others", Key="x"),
    ],
)
def test_and_nothing_else(endpoint, pipeline, call):
    owner = connect(endpoint, "owner", OWNERS_SECRET)
    if "of-others" not in [each["Name"] for each in owner.list_buckets()["Buckets"]]:
        owner.create_bucket(Bucket="of-others")
        owner.put_object(Bucket="of-others", Key="x", Body=b"x")
    with pytest.raises(ClientError) as denied:
        call(pipeline)
    assert denied.value.response["Error"]["Code"] == "AccessDenied"


def test_buckets_keep_versions_and_drop_old_logs(endpoint):
    owner = connect(endpoint, "owner", OWNERS_SECRET)
    assert {owner.get_bucket_versioning(Bucket=name)["Status"] for name in BUCKETS.values()} == {"Enabled"}
    (rule,) = owner.get_bucket_lifecycle_configuration(Bucket=BUCKETS["logs"])["Rules"]
    assert rule["Expiration"]["Days"] == 30


def test_the_page_names_the_buckets_and_the_user_of_the_stack():
    users = {user["name"]: user for user in json.loads(lake_block("json"))["identities"]}
    reached = {action.partition(":")[2] for action in users[LAKE_ACCESS_KEY]["actions"]}
    assert reached == set(BUCKETS.values())
