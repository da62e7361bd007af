"""The double of grafana/grafana. Grafana's stand-in keeps what it gets; the double refuses what Grafana refuses."""

from __future__ import annotations

import json
import uuid
from typing import Any
from urllib.parse import quote

import requests
from tf.types import Unknown

from tests.support.doubles.engine import Double, Kind, Refused, Values, blocks, run, without_unknown
from tests.support.doubles.schema import read_schema

# Grafana's own data source: expressions on the results of other queries.
_BUILT_IN = {"__expr__"}


class GrafanaKind(Kind):
    """An object that Grafana keeps under a name: its uid, if it has one."""

    identifier = "uid"

    def call(self, method: str, kind: str, name: str, values: Values | None = None) -> bool:
        """Ask Grafana's stand-in; returns whether it knows the name."""
        user, _, password = self.provider["auth"].partition(":")
        url = f"{self.provider['url']}/kept/{kind}/{quote(name, safe='')}"
        answer = requests.request(method, url, json=without_unknown(values), auth=(user, password), timeout=30)
        if not answer.ok and answer.status_code != 404:
            raise Refused(f"Grafana at {self.provider['url']} answers with HTTP {answer.status_code}")
        return answer.ok

    def name(self, values: Values) -> str:
        given = values.get(self.identifier)
        return given if isinstance(given, str) else uuid.uuid4().hex[:14]

    def computed(self, name: str, planned: Values) -> Values:
        """The values that Grafana computes."""
        return {key: name for key in ("uid", "id") if key in planned} | (
            {"url": f"/{name}"} if "url" in planned else {}
        )

    def create(self, planned: Values) -> Values:
        self.refuse_unknown_sources(planned)
        name = self.name(planned)
        computed = self.computed(name, planned)
        computed = {key: value for key, value in computed.items() if planned.get(key) in (None, Unknown) or key == "id"}
        self.call("PUT", type(self).__name__, name, {**planned, **computed})
        return computed | self.blocks_with_uids(planned)

    def read(self, state: Values) -> Values | None:
        return {} if self.call("GET", type(self).__name__, self.kept_as(state)) else None

    def update(self, prior: Values, planned: Values) -> Values:
        self.refuse_unknown_sources(planned)
        self.call("PUT", type(self).__name__, self.kept_as(prior), planned)
        return self.blocks_with_uids(planned)

    def delete(self, state: Values) -> None:
        self.call("DELETE", type(self).__name__, self.kept_as(state))

    def kept_as(self, state: Values) -> str:
        return str(state[self.identifier])

    def sources(self, planned: Values) -> set[str]:
        """The data sources that the object names."""
        return set()

    def refuse_unknown_sources(self, planned: Values) -> None:
        for uid in sorted(self.sources(planned) - _BUILT_IN):
            if not self.call("GET", DataSource.__name__, uid):
                raise Refused(f"there is no data source {uid}")

    def blocks_with_uids(self, planned: Values) -> Values:
        return {}


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

    def name(self, values: Values) -> str:
        return json.loads(values["config_json"])["uid"]

    def computed(self, name: str, planned: Values) -> Values:
        return {"id": f"1:{name}", "uid": name, "url": f"/d/{name}"}

    def sources(self, planned: Values) -> set[str]:
        model = json.loads(planned["config_json"])
        return {target["datasource"]["uid"] for panel in model["panels"] for target in panel["targets"]}


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

    def computed(self, name: str, planned: Values) -> Values:
        return {"id": f"{planned['folder_uid']}:{name}"}

    def sources(self, planned: Values) -> set[str]:
        return {data["datasource_uid"] for rule in planned["rule"] for data in rule["data"]}

    def blocks_with_uids(self, planned: Values) -> Values:
        return {"rule": _with_uids(planned["rule"])}


class ContactPoint(GrafanaKind):
    identifier = "name"

    def computed(self, name: str, planned: Values) -> Values:
        return {"id": name}

    def blocks_with_uids(self, planned: Values) -> Values:
        return {"slack": _with_uids(planned["slack"])}


class MuteTiming(GrafanaKind):
    identifier = "name"

    def computed(self, name: str, planned: Values) -> Values:
        return {"id": name}


class NotificationPolicy(GrafanaKind):
    identifier = "id"

    def name(self, values: Values) -> str:
        return "policy"  # Grafana has only one

    def computed(self, name: str, planned: Values) -> Values:
        return {"id": name}


def _with_uids(made: list[Values]) -> list[Values]:
    return [{**block, "uid": uuid.uuid4().hex[:14] if block["uid"] is Unknown else block["uid"]} for block in made]


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
    "grafana_mute_timing": MuteTiming,
    "grafana_notification_policy": NotificationPolicy,
}

if __name__ == "__main__":
    run(Double(read_schema("grafana"), KINDS))
