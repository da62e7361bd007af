"""The alert rules whose condition holds now, for the list of alerts."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

import yaml

from cli.pages.prometheus import Metrics
from cli.paths import REPOSITORY

RULES_FILE = REPOSITORY / "grafana" / "alert_rules.yml"
# Grafana's evaluators => PromQL's operators.
_COMPARE = {"gt": ">", "lt": "<"}


def rules() -> list[dict[str, Any]]:
    """All rules of grafana/alert_rules.yml."""
    return [rule for group in yaml.safe_load(RULES_FILE.read_text())["groups"] for rule in group["rules"]]


def condition(rule: dict[str, Any]) -> str:
    """The condition of a Grafana rule in PromQL: it has a series for each that fires."""
    return f"({rule['expr']}) {_COMPARE[rule['is']]} {rule['threshold']}"


def holding(metrics: Metrics) -> Iterator[tuple[str, str, str]]:
    """Name, severity and summary of each rule that holds. It fires when it has held for its time."""
    for rule in rules():
        held = [labels for labels, _ in metrics.ask(condition(rule))]
        if not held and rule["no_data_state"] == "Alerting" and not metrics.ask(rule["expr"]):
            held = [{}]
        for labels in held:
            yield rule["name"], rule["severity"], _summary(rule["summary"], labels)


def _summary(text: str, labels: Mapping[str, str]) -> str:
    """A rule's summary with the labels of one series in place of Grafana's template."""
    return re.sub(r"\{\{ \$labels\.(\w+) \}\}", lambda name: labels.get(name[1], "…"), text)
