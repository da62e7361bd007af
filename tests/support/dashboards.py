"""The dashboards' queries and the alert rules, for tests that ask Prometheus and the warehouse."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import yaml

from cli.paths import REPOSITORY
from cli.sales_page import fill_in

DASHBOARDS = sorted((REPOSITORY / "grafana" / "dashboards").glob("*.json"))
RULES: list[dict[str, Any]] = [
    rule
    for group in yaml.safe_load((REPOSITORY / "grafana" / "alert_rules.yml").read_text())["groups"]
    for rule in group["rules"]
]
# Grafana's evaluators => PromQL's operators.
COMPARE = {"gt": ">", "lt": "<"}


@dataclass(frozen=True)
class Query:
    """A query of a panel, with Grafana's variables filled in."""

    name: str
    text: str


def prometheus_queries() -> Iterator[Query]:
    for name, target in _targets("prometheus"):
        text = target["expr"].replace("$__range", "1h").replace("$dag_id", ".*")
        if "$" in text:
            raise ValueError(f"a variable of Grafana is not filled in: {text}")
        yield Query(name, text)


def warehouse_queries() -> Iterator[Query]:
    for name, target in _targets("warehouse"):
        yield Query(name, fill_in(target["rawSql"]))


def firing(rule: dict[str, Any]) -> str:
    """The condition of a Grafana rule in PromQL, with the same expression and threshold."""
    return f"({rule['expr']}) {COMPARE[rule['is']]} {rule['threshold']}"


def shortened(rule: dict[str, Any], seconds: int) -> dict[str, Any]:
    """The rule with windows of seconds in place of minutes, for tests that wait for real faults. The rest stays.

    The windows themselves are tested by Prometheus' own rule tests, which need not wait.
    """
    return {**rule, "expr": re.sub(r"\[\d+m\]", f"[{seconds}s]", rule["expr"])}


def panels() -> Iterator[tuple[str, dict[str, Any]]]:
    for file in DASHBOARDS:
        for panel in json.loads(file.read_text())["panels"]:
            yield f"{file.stem}: {panel['title']}", panel


def _targets(datasource: str) -> Iterator[tuple[str, dict[str, Any]]]:
    for name, panel in panels():
        for target in panel["targets"]:
            if target["datasource"]["uid"] == datasource:
                yield f"{name} ({target['refId']})", target
