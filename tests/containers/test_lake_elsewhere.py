"""docs/lake-elsewhere.md, run as it is written: its users, its command, its buckets, its health check."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import time
from pathlib import Path

import pytest
import requests
from botocore.exceptions import ClientError

from cli.lake import connect
from cli.names import BUCKETS, LAKE_ACCESS_KEY
from cli.paths import REPOSITORY
from tests.support.ports import free_ports

PAGE = (REPOSITORY / "docs" / "lake-elsewhere.md").read_text()
PARTS = ("master", "volume", "filer")


def block(language):
    (found,) = re.findall(rf"^```{language}\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
    return found


@pytest.fixture(scope="module")
def endpoint(tmp_path_factory):
    home = tmp_path_factory.mktemp("lake-elsewhere")
    ports = free_ports()
    (home / "s3.json").write_text(block("json"))
    (home / "data").mkdir()
    text = block("sh").replace("ADDRESS", "127.0.0.1").replace("/srv/lake", str(home))
    program, *options = text.replace("-s3.port=8333", f"-s3.port={ports['s3']}").split()
    command = [str(Path(sys.prefix) / "bin" / program), *options, f"-s3.port.grpc={ports['s3_grpc']}"]
    for part in PARTS:
        command += [f"-{part}.port={ports[f's3_{part}']}", f"-{part}.port.grpc={ports[f's3_{part}_grpc']}"]
    with (home / "log").open("w") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log)
    url = f"http://127.0.0.1:{ports['s3']}"
    try:
        deadline = time.monotonic() + 60
        while not healthy(url):
            assert process.poll() is None, (home / "log").read_text()[-2000:]
            assert time.monotonic() < deadline, (home / "log").read_text()[-2000:]
            time.sleep(0.2)
        code = block("python").replace("http://ADDRESS:8333", url)
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        yield url
    finally:
        process.terminate()
        process.wait(30)


def healthy(url):
    (path,) = re.findall(r"curl --fail http://ADDRESS:8333(\S+)`", PAGE)
    try:
        return requests.get(f"{url}{path}", timeout=5).ok
    except requests.RequestException:
        return False


@pytest.fixture
def pipeline(endpoint):
    return connect(endpoint, LAKE_ACCESS_KEY, "PIPELINES_SECRET")


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
    owner = connect(endpoint, "owner", "OWNERS_SECRET")
    if "of-others" not in [each["Name"] for each in owner.list_buckets()["Buckets"]]:
        owner.create_bucket(Bucket="of-others")
        owner.put_object(Bucket="of-others", Key="x", Body=b"x")
    with pytest.raises(ClientError) as denied:
        call(pipeline)
    assert denied.value.response["Error"]["Code"] == "AccessDenied"


def test_buckets_keep_versions_and_drop_old_logs(endpoint):
    owner = connect(endpoint, "owner", "OWNERS_SECRET")
    assert {owner.get_bucket_versioning(Bucket=name)["Status"] for name in BUCKETS.values()} == {"Enabled"}
    (rule,) = owner.get_bucket_lifecycle_configuration(Bucket=BUCKETS["logs"])["Rules"]
    assert rule["Expiration"]["Days"] == 30


def test_the_page_names_the_buckets_and_the_user_of_the_stack():
    users = {user["name"]: user for user in json.loads(block("json"))["identities"]}
    reached = {action.partition(":")[2] for action in users[LAKE_ACCESS_KEY]["actions"]}
    assert reached == set(BUCKETS.values())
