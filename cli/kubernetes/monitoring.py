"""Dashboards and alert rules for a Grafana in the cluster, and what Prometheus reads.

Grafana's sidecars, which its Helm charts have, find ConfigMaps and secrets by their labels.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

import yaml

from cli.kubernetes.fill import dump, fill
from cli.kubernetes.names import DEPLOY, RELEASE
from cli.kubernetes.secrets import secret
from cli.kubernetes.settings import Settings
from cli.names import password_of
from cli.paths import REPOSITORY

#: The file that holds a secret, of mode 0600.
DATASOURCE_FILE = "datasource.yaml"
_GRAFANA = REPOSITORY / "grafana"
# The uids and the folder that terraform/modules/dashboards_and_alerts has, and the dashboards name.
_PROMETHEUS_UID, _WAREHOUSE_UID = "prometheus", "warehouse"
_FOLDER = "Bikes Store"
_REPORTER = "reporter"
# Where the dashboards link to, unless somebody says where Airflow is.
_AIRFLOW_URL = "http://127.0.0.1:8080"


def monitoring(settings: Settings, known: Mapping[str, str]) -> dict[str, list[Any]]:
    """The documents by the name of their file.

    :param known: the secrets by the names that names.yaml has.
    """
    names = {"NAMESPACE": settings.namespace, "RELEASE": RELEASE}
    made = {
        "dashboards.yaml": _dashboards(settings),
        "alerts.yaml": [_config_map("alerts", "grafana_alert", {"bikes-store.yaml": dump([alerts(settings)])})],
        DATASOURCE_FILE: [_datasource(settings, known)],
    }
    for each in (each for documents in made.values() for each in documents):
        each["metadata"]["namespace"] = settings.monitoring_namespace
    return {**made, "service-monitor.yaml": fill(DEPLOY / "monitoring" / "service-monitor.yaml", names)}


def alerts(settings: Settings) -> dict[str, Any]:
    """The rules of grafana/alert_rules.yml in the form of Grafana's file provisioning.

    It is what terraform/modules/dashboards_and_alerts makes of them, with what differs on Kubernetes.
    https://grafana.com/docs/grafana/v11.6/alerting/set-up/provision-alerting-resources/file-provisioning/
    """
    content = yaml.safe_load((_GRAFANA / "alert_rules.yml").read_text())
    differs = yaml.safe_load((DEPLOY / "alert_rules.yaml").read_text())
    groups = []
    for group in content["groups"]:
        rules = []
        for rule in group["rules"]:
            of_kubernetes = differs.get(rule["name"], {}).get(settings.executor, {})
            if of_kubernetes is not None:
                rules.append(_rule(settings, {**rule, **of_kubernetes}))
        interval = f"{group['interval_seconds']}s"
        groups.append({"orgId": 1, "name": group["name"], "folder": _FOLDER, "interval": interval, "rules": rules})
    return {"apiVersion": 1, "groups": groups}


def _rule(settings: Settings, rule: Mapping[str, Any]) -> dict[str, Any]:
    annotations = {"summary": rule["summary"], "runbook": f"docs/runbooks/{rule['runbook']}"}
    if settings.runbooks_url:
        annotations["runbook_url"] = f"{settings.runbooks_url.rstrip('/')}/{rule['runbook']}"
    threshold = {"type": "threshold", "refId": "threshold", "expression": "query"}
    evaluator = {"type": rule["is"], "params": [rule["threshold"]]}
    made = {
        "uid": re.sub(r"[^a-z0-9]+", "-", rule["name"].lower()),
        "title": rule["name"],
        "condition": "threshold",
        "for": rule["for"],
        "noDataState": rule["no_data_state"],
        "execErrState": "Error",
        "labels": {"severity": rule["severity"]},
        "annotations": annotations,
        "data": [
            {
                "refId": "query",
                "datasourceUid": _PROMETHEUS_UID,
                "relativeTimeRange": {"from": 600, "to": 0},
                "model": {"refId": "query", "expr": rule["expr"], "instant": True},
            },
            {
                "refId": "threshold",
                "datasourceUid": "__expr__",
                "relativeTimeRange": {"from": 0, "to": 0},
                "model": {**threshold, "conditions": [{"evaluator": evaluator}]},
            },
        ],
    }
    return dict(_escaped(made))


def _escaped(value: Any) -> Any:
    """Grafana takes $name in the files that it is provisioned from for a variable of its environment. $$ is a $."""
    if isinstance(value, str):
        return value.replace("$", "$$")
    if isinstance(value, list):
        return [_escaped(item) for item in value]
    if isinstance(value, dict):
        return {key: _escaped(item) for key, item in value.items()}
    return value


def _dashboards(settings: Settings) -> list[Any]:
    made = []
    for path in sorted((_GRAFANA / "dashboards").glob("*.json")):
        text = path.read_text().replace(_AIRFLOW_URL, settings.airflow_url)
        map_ = _config_map(f"dashboard-{path.stem}", "grafana_dashboard", {path.name: text})
        map_["metadata"]["annotations"] = {"grafana_folder": _FOLDER}
        made.append(map_)
    return made


def _datasource(settings: Settings, known: Mapping[str, str]) -> dict[str, Any]:
    """The warehouse, for Grafana. Its secureJsonData keeps the password out of what a browser sees."""
    warehouse = settings.external_warehouse
    source = {
        "name": "Warehouse",
        "uid": _WAREHOUSE_UID,
        "type": "grafana-postgresql-datasource",
        "url": f"{warehouse.host}:{warehouse.port}",
        "user": _REPORTER,
        "jsonData": {"database": warehouse.database, "sslmode": warehouse.sslmode, "postgresVersion": 1500},
        "secureJsonData": {"password": known[password_of(_REPORTER)].replace("$", "$$")},
    }
    text = json.dumps({"apiVersion": 1, "datasources": [source]}, indent=2)
    made = secret(f"{RELEASE}-datasource", {"bikes-store.yaml": text})
    made["metadata"]["labels"] = {"grafana_datasource": "1"}
    return made


def _config_map(name: str, label: str, content: Mapping[str, str]) -> dict[str, Any]:
    metadata = {"name": f"{RELEASE}-{name}", "labels": {label: "1"}}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": dict(content)}
