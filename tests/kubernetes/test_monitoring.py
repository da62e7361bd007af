"""The cluster's Grafana gets the alert rules and dashboards that the containers' has."""

from __future__ import annotations

import json
import re

import pytest
import yaml

from cli.kubernetes.monitoring import DATASOURCE_FILE, alerts, monitoring
from cli.kubernetes.names import CELERY, DEPLOY, RELEASE
from cli.kubernetes.values import values
from cli.paths import REPOSITORY, TERRAFORM

RULES = yaml.safe_load((REPOSITORY / "grafana" / "alert_rules.yml").read_text())["groups"]
MODULE = (TERRAFORM / "modules" / "dashboards_and_alerts" / "main.tf").read_text()


@pytest.fixture
def files(settings, known):
    return monitoring(settings, known)


def test_every_rule_is_there_but_for_what_differs(settings):
    differs = yaml.safe_load((DEPLOY / "alert_rules.yaml").read_text())
    made = {rule["title"]: rule for group in alerts(settings)["groups"] for rule in group["rules"]}
    for group in RULES:
        for rule in group["rules"]:
            changed = differs.get(rule["name"], {}).get(settings.executor, {})
            if changed is None:
                assert rule["name"] not in made
                continue
            query, threshold = made.pop(rule["name"])["data"]
            assert query["model"]["expr"] == changed.get("expr", rule["expr"])
            (condition,) = threshold["model"]["conditions"]
            assert condition["evaluator"] == {"type": rule["is"], "params": [rule["threshold"]]}
    assert made == {}


def test_what_differs_is_a_rule_that_there_is():
    differs = yaml.safe_load((DEPLOY / "alert_rules.yaml").read_text())
    assert differs.keys() <= {rule["name"] for group in RULES for rule in group["rules"]}


def test_a_rule_is_what_terraform_makes_of_it(settings):
    """Its uid, its data sources and its state when there is an error."""
    (pattern,) = re.findall(r'replace\(lower\(rule\.value\.name\), "/(.+?)/", "-"\)', MODULE)
    sources = set(re.findall(r'(?:prometheus|warehouse)_uid += "(\w+)"', MODULE)) | {"__expr__"}
    for group in alerts(settings)["groups"]:
        for rule in group["rules"]:
            assert rule["uid"] == re.sub(pattern, "-", rule["title"].lower())
            assert {each["datasourceUid"] for each in rule["data"]} <= sources
            assert f'exec_err_state = "{rule["execErrState"]}"' in MODULE


def test_grafana_takes_no_label_for_a_variable_of_its_environment(usual):
    text = json.dumps(alerts(usual))
    assert "$$labels" in text
    assert re.findall(r"(?<!\$)\$(?!\$)", text) == []


def test_links_lead_to_the_runbooks(settings):
    for rule in (rule for group in alerts(settings)["groups"] for rule in group["rules"]):
        page = rule["annotations"]["runbook"]
        assert (REPOSITORY / page).is_file()
        link = rule["annotations"].get("runbook_url")
        assert link == (f"https://git.example.com/{page}" if settings.runbooks_url else None)


def test_every_dashboard_is_there_and_links_to_airflow(settings, files):
    made = {name: text for each in files["dashboards.yaml"] for name, text in each["data"].items()}
    paths = {path.name: path.read_text() for path in (REPOSITORY / "grafana" / "dashboards").glob("*.json")}
    assert made.keys() == paths.keys()
    for name, text in paths.items():
        assert json.loads(made[name])["uid"] == json.loads(text)["uid"]
        assert made[name] == text.replace("http://127.0.0.1:8080", settings.airflow_url)


def test_grafanas_sidecars_find_all_of_it(files, settings):
    labels = {
        "dashboards.yaml": "grafana_dashboard",
        "alerts.yaml": "grafana_alert",
        DATASOURCE_FILE: "grafana_datasource",
    }
    for file, label in labels.items():
        for each in files[file]:
            assert each["metadata"]["labels"] == {label: "1"}
            assert each["metadata"]["namespace"] == settings.monitoring_namespace


def test_the_warehouse_is_read_as_the_reporter(files, settings, known):
    (secret,) = files[DATASOURCE_FILE]
    (source,) = json.loads(secret["stringData"]["bikes-store.yaml"])["datasources"]
    assert (source["user"], source["url"]) == ("reporter", f"{settings.external_warehouse.host}:5432")
    assert source["secureJsonData"]["password"].replace("$$", "$") == known["reporter_password"]
    assert source["jsonData"]["sslmode"] == settings.external_warehouse.sslmode


def test_prometheus_knows_the_job_as_the_rules_do(files, settings):
    (monitor,) = files["service-monitor.yaml"]
    (endpoint,) = monitor["spec"]["endpoints"]
    (relabeling,) = endpoint["relabelings"]
    assert relabeling == {"targetLabel": "job", "replacement": "airflow"}
    assert f'job="{relabeling["replacement"]}"' in json.dumps(alerts(settings)).replace('\\"', '"')
    assert monitor["spec"]["selector"]["matchLabels"]["release"] == RELEASE
    # And may reach it.
    (policy,) = values(settings)["statsd"]["extraNetworkPolicies"]
    reached = policy["namespaceSelector"]["matchLabels"]
    assert reached == {"kubernetes.io/metadata.name": settings.monitoring_namespace}


def test_a_worker_that_is_gone_is_no_alarm(settings):
    made = {rule["title"]: rule for group in alerts(settings)["groups"] for rule in group["rules"]}
    if settings.executor == CELERY:
        assert "by (worker)" not in made["Worker heartbeat lost"]["data"][0]["model"]["expr"]
    else:
        assert "Worker heartbeat lost" not in made
