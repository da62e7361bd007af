"""The values for the chart, where no chart is needed to judge them."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
import yaml

from cli.kubernetes.names import CELERY, DEPLOY, HOME, KUBERNETES
from cli.kubernetes.values import values
from cli.paths import AIRFLOW, REPOSITORY


@pytest.fixture
def made(settings):
    return values(settings)


def test_nothing_of_the_chart_has_a_password_that_everybody_knows(made):
    assert made["postgresql"]["enabled"] is False
    assert made["redis"]["enabled"] is False
    assert made["webserver"]["defaultUser"]["enabled"] is False
    for name in ("fernetKeySecretName", "webserverSecretKeySecretName"):
        assert made[name]
    assert made["data"]["metadataSecretName"]


def test_the_release_is_the_one_of_the_lock(made):
    (locked,) = re.findall(r'"apache-airflow\[[^]]*\]==([\d.]+)"', (REPOSITORY / "pyproject.toml").read_text())
    assert made["airflowVersion"] == locked


def test_probes_call_what_the_image_has(made):
    for component in ("scheduler", "triggerer", "workers"):
        for probe in ("livenessProbe", "startupProbe"):
            if command := made[component].get(probe, {}).get("command"):
                python, script, what = command
                assert python == "python"
                assert (AIRFLOW / script.removeprefix(f"{HOME}/airflow/")).is_file()
                assert what in ("SchedulerJob", "TriggererJob", "worker")


def test_no_pod_has_a_volume_of_its_own(made):
    for component in ("workers", "triggerer"):
        assert made[component]["persistence"]["enabled"] is False


def test_workers_scale_in_the_way_that_was_asked_for(settings, made):
    workers = made["workers"]
    scaled = {name for name in ("hpa", "keda") if workers.get(name, {}).get("enabled")}
    wanted = set() if settings.executor == KUBERNETES or settings.autoscaling == "none" else {settings.autoscaling}
    assert scaled == wanted
    for name in scaled:
        assert (workers[name]["minReplicaCount"], workers[name]["maxReplicaCount"]) == (2, 6)
    if settings.autoscaling == "none":
        assert workers["replicas"] == 3


def test_only_what_talks_to_kubernetes_may(settings, made):
    may = {
        name
        for name in ("scheduler", "webserver", "triggerer", "workers", "statsd")
        if made[name]["serviceAccount"]["automountServiceAccountToken"]
    }
    assert may == (set() if settings.executor == CELERY else {"scheduler", "webserver"})
    assert made["allowPodLaunching"] == (settings.executor == KUBERNETES)


def test_the_image_and_its_digest(settings, made):
    assert made["images"]["airflow"] == {"repository": "registry.example.com/bikes-store-airflow", "tag": "1"}
    # The KubernetesExecutor's pods take this one.
    assert made["images"]["pod_template"] == made["images"]["airflow"]
    tag = made["images"]["statsd"]["tag"]
    assert tag == (f"v9@sha256:{'0' * 64}" if settings.images else "v0.28.0")


def test_keda_counts_as_a_worker_does(usual):
    assert values(usual)["config"]["celery"]["worker_concurrency"] == 4
    assert values(replace(usual, worker_concurrency=9))["config"]["celery"]["worker_concurrency"] == 9


def test_with_git_sync_each_pod_that_reads_dags_writes_dbts_manifest_first(settings, made):
    readers = ("scheduler", "workers", "triggerer")
    if settings.git_sync is None:
        assert "dags" not in made and not any("extraInitContainers" in made[each] for each in readers)
        return
    git = made["dags"]["gitSync"]
    assert (git["enabled"], git["repo"], git["ref"]) == (True, settings.git_sync.repo, settings.git_sync.ref)
    (mount,) = made["volumeMounts"]
    given = {each["name"]: each["value"] for each in made["env"]}
    assert given["BIKES_STORE_DBT_MANIFEST"].startswith(f"{mount['mountPath']}/")
    # The plugins import from there. The webserver has no repository, and takes what the image has.
    assert given["PYTHONPATH"].split(":") == [HOME, f"{HOME}/dags/repo/{git['subPath']}", f"{HOME}/dags"]
    for each in readers:
        (container,) = made[each]["extraInitContainers"]
        assert container["image"] == settings.image
        assert container["env"] == made["env"]
        assert container["command"][-1] == f"{HOME}/airflow/write_manifest.py"


def test_the_image_has_dags_models_and_manifest():
    lines = (DEPLOY / "Dockerfile").read_text()
    assert re.findall(r"^COPY (\w+) \1$", lines, re.MULTILINE) == ["dags", "dbt"]
    assert "RUN python airflow/write_manifest.py" in lines
    given = re.findall(r"^ENV BIKES_STORE_DBT_MANIFEST=(\S+)$", lines, re.MULTILINE)
    assert given == [f"{HOME}/dbt-target/manifest.json"]
    ignored = (REPOSITORY / ".dockerignore").read_text().splitlines()
    assert {"!dags", "!dbt"} <= set(ignored)


def test_an_overlay_only_says_what_differs():
    usual = yaml.safe_load((DEPLOY / "values.yaml").read_text())

    def same(below, above):
        if isinstance(below, dict) and isinstance(above, dict):
            return [f"{k}.{path}" for k in above if k in below for path in same(below[k], above[k])]
        return [""] if below == above else []

    for name in ("kubernetes-executor.yaml", "keda.yaml", "git-sync.yaml"):
        assert same(usual, yaml.safe_load((DEPLOY / name).read_text())) == [], name
