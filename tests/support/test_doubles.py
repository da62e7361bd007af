"""The doubles refuse what the real providers, or the services behind them, would refuse."""

from __future__ import annotations

import json
from typing import Any

import pytest
import requests
from botocore.exceptions import BotoCoreError, ClientError

from tests.support.needs import need_provider_doubles
from tests.support.web import web_server


@pytest.fixture(scope="module")
def docker_double():
    need_provider_doubles()
    from tests.support.doubles import docker_double

    return docker_double


@pytest.fixture
def grafana():
    """The double, with a Grafana that holds nothing."""
    need_provider_doubles()
    from tests.support.doubles import grafana_double

    with web_server() as web:
        web.answers = [(404, b"")]
        yield grafana_double, {"url": web.url, "auth": "admin:x"}


@pytest.fixture
def minio():
    """The double, with a lake that refuses every login, and one that does not answer."""
    need_provider_doubles()
    from tests.support.doubles import minio_double

    login = {"minio_user": "root", "minio_password": "x", "minio_region": "us-east-1"}
    denied = b"<Error><Code>AccessDenied</Code><Message>no</Message></Error>"
    with web_server() as web:
        web.answers = [(403, denied)]
        yield minio_double, [login | {"minio_server": server} for server in (web.url[7:], "127.0.0.1:9")]


IN_THE_LAKE = {
    "Bucket": {"bucket": "b"},
    "Versioning": {"bucket": "b"},
    "User": {"name": "u"},
    "Policy": {"name": "p", "policy": "{}"},
    "Attachment": {"user_name": "u", "policy_name": "p"},
}


@pytest.mark.parametrize("kind", IN_THE_LAKE)
def test_a_lake_that_says_anything_but_missing_fails_the_plan(minio, kind):
    double, lakes = minio
    for lake in lakes:
        with pytest.raises((BotoCoreError, ClientError)):
            getattr(double, kind)(lake).read(IN_THE_LAKE[kind])


def test_a_lifecycle_policy_that_can_not_be_read_counts_as_gone(minio):
    double, lakes = minio
    assert [double.Lifecycle(lake).read({"bucket": "b"}) for lake in lakes] == [None, None]


@pytest.mark.parametrize("kind", ["DataSource", "Folder", "Dashboard", "RuleGroup", "ContactPoint"])
def test_a_grafana_that_does_not_answer_fails_the_plan(grafana, kind):
    double, provider = grafana
    state = {"uid": "x", "name": "x"}
    assert getattr(double, kind)(provider).read(state) is None  # it is missing
    with pytest.raises(requests.ConnectionError):
        getattr(double, kind)(provider | {"url": "http://127.0.0.1:9"}).read(state)


def container(**values: Any) -> dict[str, Any]:
    bare: dict[str, Any] = {"healthcheck": [], "memory": None, "memory_swap": None, "volumes": [], "capabilities": []}
    return {**bare, **values}


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ({"healthcheck": [{"interval": "60s", "timeout": "5s", "start_period": "0s"}]}, "'60s' would differ .* '1m0s'"),
        ({"capabilities": [{"add": ["CHOWN"], "drop": ["ALL"]}]}, "'CHOWN' would differ .* 'CAP_CHOWN'"),
        ({"memory": 512}, "memory without memory_swap"),
        ({"volumes": [{"host_path": "dags"}]}, "must be an absolute path"),
    ],
)
def test_docker_refuses_what_would_differ_in_every_plan(docker_double, values, says):
    with pytest.raises(Exception, match=says):
        docker_double.Container.check(container(**values))


def test_docker_mounts_are_written_as_the_provider_writes_them(docker_double):
    folder = {"host_path": "/dags", "volume_name": None, "container_path": "/d", "read_only": True}
    assert docker_double.bind({**folder, "selinux_relabel": "z"}) == "/dags:/d:ro,z"
    volume = {"host_path": None, "volume_name": "data", "container_path": "/d", "read_only": False}
    assert docker_double.bind({**volume, "selinux_relabel": None}) == "data:/d:rw"


@pytest.mark.parametrize(
    ("nano", "text"), [(2e9, "2.0"), (1.5e9, "1.5"), (25e7, "0.25"), (5e8, "0.5"), (1e10, "10."), (105e8, "10.5")]
)
def test_docker_reads_cores_as_the_provider_does(docker_double, nano, text):
    assert docker_double.cores(int(nano)) == text


def test_docker_builds_where_buildx_would(docker_double, monkeypatch):
    """On the provider's host only with the legacy builder."""
    monkeypatch.setenv("DOCKER_HOST", "unix:///of-buildx.sock")
    image = docker_double.Image({"host": "unix:///of-the-provider.sock"})
    for legacy, place in ((False, "of-buildx"), (True, "of-the-provider")):
        with pytest.raises(Exception, match=f"Cannot connect to the Docker daemon at unix:///{place}.sock"):
            image.builder({"use_legacy_builder": legacy})
    with pytest.raises(Exception, match=r"Cannot connect to the Docker daemon at unix:///of-buildx.sock"):
        _ = docker_double.Image({"host": None}).engine
    monkeypatch.setenv("DOCKER_CONTEXT", "default")
    with pytest.raises(Exception, match="Error loading Docker context 'default'"):
        _ = image.engine


@pytest.mark.parametrize(("duration", "seconds"), [("5s", 5), ("1m0s", 60), ("1h2m3s", 3723), ("0s", 0)])
def test_durations_are_read_and_written_as_go_does(docker_double, duration, seconds):
    assert docker_double.seconds_of(duration) == seconds
    assert docker_double.canonical(duration) == duration


def test_grafana_refuses_an_unknown_data_source(grafana):
    double, provider = grafana
    model = {"uid": "x", "title": "X", "panels": [{"targets": [{"datasource": {"uid": "nowhere"}}]}]}
    with pytest.raises(Exception, match="there is no data source nowhere"):
        double.Dashboard(provider).create({"config_json": json.dumps(model)})
    rule = {"name": "r", "data": [{"datasource_uid": "nowhere"}, {"datasource_uid": "__expr__"}]}
    with pytest.raises(Exception, match="there is no data source nowhere"):
        double.RuleGroup(provider).create({"name": "g", "folder_uid": "f", "rule": [rule]})


@pytest.mark.parametrize(
    ("kind", "config", "says"),
    [
        ("DataSource", {"name": "n", "uid": None}, "has no uid"),
        ("Dashboard", {"config_json": "{"}, "config_json is not JSON"),
        ("Dashboard", {"config_json": '{"uid": "x", "title": "t"}'}, "has no panels"),
        ("RuleGroup", {"rule": [{"name": "r", "condition": "A", "data": []}]}, "is none of its queries"),
        (
            "RuleGroup",
            {"rule": [{"name": "r", "condition": "A", "data": [{"ref_id": "A", "model": '{"intervalMs": 1000}'}]}]},
            "would differ in every plan",
        ),
    ],
)
def test_grafana_refuses_bad_models(grafana, kind, config, says):
    with pytest.raises(Exception, match=says):
        getattr(grafana[0], kind).check(config)
