"""What the cluster gets beside the chart."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from cli.kubernetes.manifests import SECRETS_FILE, manifests
from cli.kubernetes.names import CELERY, DEPLOY, RELEASE
from cli.kubernetes.values import values
from cli.names import SECRETS
from tests.support.kubernetes import check_hardened, pods, secret_keys, selects

# The chart's pods, by the labels that it gives them. test_chart.py compares them with what the chart makes.
CHARTS = {"scheduler", "webserver", "triggerer", "worker", "statsd"}


@pytest.fixture
def files(settings, known):
    return manifests(settings, known)


@pytest.fixture
def documents(files):
    return [each for documents in files.values() for each in documents]


def of_kind(documents, kind):
    return {each["metadata"]["name"]: each for each in documents if each["kind"] == kind}


def test_every_pod_is_hardened(documents):
    made = list(pods(documents))
    assert len(made) >= 2
    for each in made:
        check_hardened(each)
        assert each.spec["automountServiceAccountToken"] is False  # none of them talks to Kubernetes


def test_what_stays_up_has_probes(documents):
    for each in pods(documents):
        for container in each.spec["containers"] if each.lasting else []:
            assert "readinessProbe" in container and "livenessProbe" in container, each.name


def test_all_is_in_the_namespace_which_takes_no_root(settings, documents):
    (namespace,) = of_kind(documents, "Namespace").values()
    assert namespace["metadata"]["name"] == settings.namespace
    assert namespace["metadata"]["labels"]["pod-security.kubernetes.io/enforce"] == "restricted"
    others = [each for each in documents if each["kind"] != "Namespace"]
    assert {each["metadata"]["namespace"] for each in others} == {settings.namespace}


def test_kubectl_makes_first_what_others_need(files):
    assert list(files) == sorted(files)
    order = [each["kind"] for documents in files.values() for each in documents]
    assert order[0] == "Namespace"
    assert max(i for i, kind in enumerate(order) if kind == "Secret") < order.index("StatefulSet")


def test_every_secret_that_is_read_is_there_and_every_one_is_read(settings, documents):
    made = {(name, key) for name, secret in of_kind(documents, "Secret").items() for key in secret["stringData"]}
    read = set(secret_keys(documents))
    chart = values(settings)
    read |= {
        (chart["fernetKeySecretName"], "fernet-key"),
        (chart["webserverSecretKeySecretName"], "webserver-secret-key"),
        (chart["data"]["metadataSecretName"], "connection"),
    }
    if settings.executor == CELERY:
        read |= {(chart["data"]["brokerUrlSecretName"], "connection"), ("bikes-store-redis", "redis.conf")}
    assert made == read


def test_secrets_are_those_of_the_list_and_only_in_their_file(files, known, settings):
    text = json.dumps({file: content for file, content in files.items() if file != SECRETS_FILE})
    everything = text + json.dumps(values(settings))
    for value in (*known.values(), "secretofslack"):
        assert json.dumps(value)[1:-1] not in everything
    # Passwords of servers that the cluster does not have are not in it.
    kept = json.dumps(files[SECRETS_FILE])
    unused = {"source_admin_password", "warehouse_admin_password", "lake_root_password", "grafana_admin_password"}
    assert unused < set(SECRETS)
    for name in unused:
        assert known[name] not in kept


def test_a_password_fits_its_address_whatever_it_holds(documents, settings):
    made = of_kind(documents, "Secret")
    assert (
        "airflow_db_password%3A%2F%40%25%3F%23%24HOME@airflow-db"
        in made["bikes-store-metadata"]["stringData"]["connection"]
    )
    if settings.executor == CELERY:
        assert (
            "broker_password%3A%2F%40%25%3F%23%24HOME@redis" in made["bikes-store-broker"]["stringData"]["connection"]
        )


def test_every_policy_selects_pods_that_are_there(settings, documents):
    ours = [each.labels for each in pods(documents)]
    charts = [{"tier": "airflow", "component": each, "release": RELEASE} for each in CHARTS]
    assert of_kind(documents, "NetworkPolicy")
    for name, policy in of_kind(documents, "NetworkPolicy").items():
        selector = policy["spec"]["podSelector"]
        assert any(selects(selector, labels) for labels in ours), name
        for rule in policy["spec"].get("ingress", []):
            for source in rule["from"]:
                if "podSelector" in source:
                    assert any(selects(source["podSelector"], labels) for labels in ours + charts), name


def test_nobody_reaches_what_no_policy_names(documents):
    everybody = of_kind(documents, "NetworkPolicy")["nobody-else"]["spec"]
    assert everybody == {"podSelector": {}, "policyTypes": ["Ingress"]}


def test_each_service_has_its_pods_and_its_policy(documents):
    policies = [each["spec"]["podSelector"] for each in of_kind(documents, "NetworkPolicy").values()]
    for name, service in of_kind(documents, "Service").items():
        (of,) = [each for each in pods(documents) if selects({"matchLabels": service["spec"]["selector"]}, each.labels)]
        assert [selector for selector in policies if selector and selects(selector, of.labels)], name


def test_there_is_a_broker_for_celery_alone(settings, documents):
    assert ("redis" in of_kind(documents, "StatefulSet")) == (settings.executor == CELERY)


def test_there_is_a_currency_service_unless_there_is_one_elsewhere(settings, documents):
    assert ("currency-api" in of_kind(documents, "Deployment")) == (settings.currency_api_url == "")
    (init,) = of_kind(documents, "Job").values()
    given = {each["name"]: each.get("value") for each in init["spec"]["template"]["spec"]["containers"][0]["env"]}
    assert given["BIKES_STORE_API_URL"] == (settings.currency_api_url or "http://currency-api:8000/api/currencydata")


def test_keda_may_read_the_queue(usual, known):
    def readers(settings):
        policies = of_kind(manifests(settings, known)["30-network-policies.yaml"], "NetworkPolicy")
        return json.dumps(policies["airflow-db"]["spec"]["ingress"])

    assert "keda" not in readers(usual)
    assert "keda" in readers(replace(usual, autoscaling="keda"))


def test_the_init_job_runs_again_when_something_in_it_changes(usual, known):
    def name(settings, secrets):
        (job,) = manifests(settings, secrets)["60-init.yaml"]
        return job["metadata"]["name"]

    first = name(usual, known)
    assert first.startswith("airflow-init-") and name(usual, known) == first
    assert name(replace(usual, image="registry.example.com/bikes-store-airflow:2"), known) != first
    assert name(usual, {**known, "airflow_admin_password": "another"}) != first
    assert name(replace(usual, worker_max=9), known) == first


def test_no_file_has_what_stands_elsewhere():
    """Images and names of databases come from their places."""
    for path in DEPLOY.rglob("*.yaml"):
        if path.name not in ("settings.yaml", "settings.example.yaml") and "rendered" not in path.parts:
            lines = [line.strip() for line in path.read_text().splitlines()]
            assert [line for line in lines if line.startswith("image: ") and not line.startswith("image: ${")] == []
