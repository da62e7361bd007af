"""grafana/grafana's double. It keeps what it is given in the state, and refuses what Grafana's API would.

It first asks what stands in for Grafana for its health, as a real call would find out whether it is there.
"""

from __future__ import annotations

import json
import uuid
from typing import Any

import requests
from tf.types import Unknown

from tests.terraform.doubles.engine import Double, Kind, Refused, Values, blocks, run
from tests.terraform.doubles.schema import read_schema


class GrafanaKind(Kind):
    identifier = "uid"

    def call(self) -> None:
        user, _, password = self.provider["auth"].partition(":")
        answer = requests.get(f"{self.provider['url']}/api/health", auth=(user, password), timeout=30)
        if not answer.ok:
            raise Refused(f"Grafana at {self.provider['url']} answers with HTTP {answer.status_code}")

    def create(self, planned: Values) -> Values:
        self.call()
        given = planned.get(self.identifier)
        identifier = given if isinstance(given, str) else uuid.uuid4().hex[:14]
        computed = {name: identifier for name in ("uid", "id") if name in planned}
        return computed | ({"url": f"/{identifier}"} if planned.get("url") is Unknown else {})

    def read(self, state: Values) -> Values | None:
        self.call()
        return {}

    def update(self, prior: Values, planned: Values) -> Values:
        self.call()
        return {}

    def delete(self, state: Values) -> None:
        self.call()


class DataSource(GrafanaKind):
    @staticmethod
    def check(config: Values) -> None:
        if config["uid"] is None:
            raise Refused(f"data source {config['name']} has no uid: dashboards could not name it")
        for name in ("json_data_encoded", "secure_json_data_encoded"):
            _json(config[name], name)


class Folder(GrafanaKind):
    pass


class Dashboard(GrafanaKind):
    @staticmethod
    def check(config: Values) -> None:
        model = _json(config["config_json"], "config_json")
        if model is None:
            return
        for name in ("uid", "title", "panels"):
            if not model.get(name):
                raise Refused(f"a dashboard has no {name}")

    def create(self, planned: Values) -> Values:
        self.call()
        uid = json.loads(planned["config_json"])["uid"]
        return {"id": f"1:{uid}", "uid": uid, "url": f"/d/{uid}"}

    def update(self, prior: Values, planned: Values) -> Values:
        return self.create(planned)


class RuleGroup(GrafanaKind):
    identifier = "name"

    @staticmethod
    def check(config: Values) -> None:
        for rule in blocks(config, "rule"):
            queries = {data["ref_id"] for data in blocks(rule, "data")}
            if rule["condition"] not in queries:
                raise Refused(f"rule {rule['name']}: condition {rule['condition']} is none of its queries")
            for data in blocks(rule, "data"):
                model = _json(data["model"], f"rule {rule['name']}: model") or {}
                if {"intervalMs", "maxDataPoints"} & model.keys():
                    raise Refused(f"rule {rule['name']}: intervalMs and maxDataPoints would differ in every plan")

    def create(self, planned: Values) -> Values:
        self.call()
        rules = [{**rule, "uid": uuid.uuid4().hex[:14]} for rule in planned["rule"]]
        return {"id": f"{planned['folder_uid']}:{planned['name']}", "rule": rules}

    def update(self, prior: Values, planned: Values) -> Values:
        return self.create(planned)


class ContactPoint(GrafanaKind):
    identifier = "name"

    def create(self, planned: Values) -> Values:
        self.call()
        slack = [{**block, "uid": uuid.uuid4().hex[:14]} for block in planned["slack"]]
        return {"id": planned["name"], "slack": slack}

    def update(self, prior: Values, planned: Values) -> Values:
        return self.create(planned)


class NotificationPolicy(GrafanaKind):
    def create(self, planned: Values) -> Values:
        self.call()
        return {"id": "policy"}


def _json(text: Any, name: str) -> Any:
    if not isinstance(text, str):
        return None
    try:
        return json.loads(text)
    except ValueError as error:
        raise Refused(f"{name} is not JSON: {error}") from error


KINDS = {
    "grafana_data_source": DataSource,
    "grafana_folder": Folder,
    "grafana_dashboard": Dashboard,
    "grafana_rule_group": RuleGroup,
    "grafana_contact_point": ContactPoint,
    "grafana_notification_policy": NotificationPolicy,
}

if __name__ == "__main__":
    run(Double(read_schema("grafana"), KINDS))
