"""The official chart with our values, where the chart is at hand: AIRFLOW_CHART names its folder, unpacked.

Chart and Helm are the user's, so the tests skip without them, in CI too.
"""

from __future__ import annotations

import json
import subprocess

import jsonschema
import pytest
import yaml

from cli.airflow_settings import common_settings
from cli.kubernetes.fill import dump
from cli.kubernetes.manifests import manifests
from cli.kubernetes.names import CELERY, DEPLOY, RELEASE
from cli.kubernetes.values import values
from tests.kubernetes.test_manifests import CHARTS
from tests.support.kubernetes import check_hardened, need_chart, need_helm, pods, secret_keys, selects


@pytest.fixture(scope="module")
def chart():
    return need_chart()


@pytest.fixture(scope="module")
def made(chart, settings, tmp_path_factory):
    """What Helm makes of the chart, with the template of the KubernetesExecutor's pods as one of them."""
    need_helm()
    path = tmp_path_factory.mktemp("values") / "values.yaml"
    path.write_text(dump([values(settings)]))
    command = ["helm", "template", RELEASE, str(chart), "--namespace", settings.namespace, "--values", str(path)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    documents = [each for each in yaml.safe_load_all(done.stdout) if each]
    for each in documents:
        if template := each.get("data", {}).get("pod_template_file.yaml"):
            documents.append(yaml.safe_load(template))
    return documents


def test_it_is_the_pinned_chart(chart):
    pinned = yaml.safe_load((DEPLOY / "chart.yaml").read_text())
    found = yaml.safe_load((chart / "Chart.yaml").read_text())
    assert (found["name"], found["version"]) == (pinned["name"].rpartition("/")[2], pinned["version"])


def test_the_values_are_of_the_charts_schema(chart, settings):
    schema = json.loads((chart / "values.schema.json").read_text())
    made = values(settings)
    jsonschema.validate(made, schema)
    # The schema lets unknown names pass at the top.
    assert made.keys() <= schema["properties"].keys()


def test_every_pod_is_hardened(made):
    found = list(pods(made))
    assert len(found) >= 4
    for each in found:
        check_hardened(each)


def test_what_stays_up_has_a_probe(made):
    for each in pods(made):
        for container in each.spec["containers"] if each.lasting else []:
            if container["name"] not in ("git-sync",):  # the chart gives it none
                assert "livenessProbe" in container, f"{each.name}/{container['name']}"
                command = container["livenessProbe"].get("exec", {}).get("command", [])
                assert "/entrypoint" not in " ".join(command)  # the image has none


def test_every_process_gets_airflow_env(settings, made):
    wanted = common_settings().keys() - {"AIRFLOW__CORE__EXECUTOR"}
    found = 0
    for each in pods(made):
        for container in each.containers:
            if container["image"] == settings.image:
                found += 1
                names = {variable["name"] for variable in container["env"]}
                assert wanted <= names, f"{each.name}/{container['name']}: {wanted - names}"
    assert found >= 4


def test_the_chart_makes_no_secret_and_reads_ours(settings, made, known):
    assert [each["metadata"]["name"] for each in made if each["kind"] == "Secret"] == []
    ours = {
        (each["metadata"]["name"], key)
        for documents in manifests(settings, known).values()
        for each in documents
        if each["kind"] == "Secret"
        for key in each["stringData"]
    }
    assert set(secret_keys(made)) <= ours


def test_the_chart_brings_no_store_and_no_job(made):
    names = {each["metadata"]["name"] for each in made if each["kind"] in ("StatefulSet", "Job", "CronJob")}
    assert names == set()


def test_its_pods_have_the_labels_that_our_policies_name(made):
    components = {each.labels["component"] for each in pods(made)}
    assert components == CHARTS
    assert {each.labels["release"] for each in pods(made)} == {RELEASE}


def test_each_of_its_policies_selects_pods_that_are_there(made):
    labels = [each.labels for each in pods(made)]
    policies = [each for each in made if each["kind"] == "NetworkPolicy"]
    assert len(policies) >= 3
    for policy in policies:
        if policy["metadata"]["name"] != f"{RELEASE}-scheduler-policy":  # of the LocalExecutor
            assert any(selects(policy["spec"]["podSelector"], each) for each in labels), policy["metadata"]["name"]


def test_each_service_has_its_pods(made):
    labels = [each.labels for each in pods(made)]
    for each in made:
        if each["kind"] == "Service":
            assert any(selects({"matchLabels": each["spec"]["selector"]}, one) for one in labels)


def test_workers_scale(settings, made):
    kinds = {each["kind"] for each in made}
    celery = settings.executor == CELERY
    assert ("HorizontalPodAutoscaler" in kinds) == (celery and settings.autoscaling == "hpa")
    assert ("ScaledObject" in kinds) == (celery and settings.autoscaling == "keda")
    for each in made:
        if each["kind"] == "HorizontalPodAutoscaler":
            assert each["spec"]["scaleTargetRef"]["kind"] == "Deployment"


def test_the_image_keeps_its_own_local_settings(made):
    containers = [container for each in pods(made) for container in each.containers]
    mounts = [mount["mountPath"] for container in containers for mount in container.get("volumeMounts") or []]
    assert mounts
    assert [path for path in mounts if path.endswith("airflow_local_settings.py")] == []
