"""The dashboards' queries and the alert rules, as tests put them to Prometheus and to the warehouse."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import yaml

from demo.settings import REPOSITORY

DASHBOARDS = sorted((REPOSITORY / "grafana" / "dashboards").glob("*.json"))
RULES: list[dict[str, Any]] = [
    rule
    for group in yaml.safe_load((REPOSITORY / "grafana" / "alert_rules.yml").read_text())["groups"]
    for rule in group["rules"]
]
# How Grafana's evaluators are written in PromQL.
COMPARE = {"gt": ">", "lt": "<"}


@dataclass(frozen=True)
class Query:
    """A query of a panel, with Grafana's variables filled in."""

    name: str
    text: str


def prometheus_queries() -> Iterator[Query]:
    filled = {"$__range": "1h", "$dag_id": ".*"}
    for name, target in _targets("prometheus"):
        yield Query(name, _fill(target["expr"], filled))


def warehouse_queries() -> Iterator[Query]:
    filled = {"$__timeFrom()": "'1990-01-01'", "$__timeTo()": "now()"}
    for name, target in _targets("warehouse"):
        text = re.sub(r"\$__timeFilter\((\w+)\)", r"\1 BETWEEN '1990-01-01' AND now()", target["rawSql"])
        text = text.replace("($territory)", "(SELECT territory_name FROM warehouse.mart_sales_daily)")
        yield Query(name, _fill(text, filled))


def firing(rule: dict[str, Any]) -> str:
    """What Grafana's rule fires on, in PromQL: the same expression and threshold."""
    return f"({rule['expr']}) {COMPARE[rule['is']]} {rule['threshold']}"


def panels() -> Iterator[tuple[str, dict[str, Any]]]:
    for file in DASHBOARDS:
        for panel in json.loads(file.read_text())["panels"]:
            yield f"{file.stem}: {panel['title']}", panel


def _targets(datasource: str) -> Iterator[tuple[str, dict[str, Any]]]:
    for name, panel in panels():
        for target in panel["targets"]:
            if target["datasource"]["uid"] == datasource:
                yield f"{name} ({target['refId']})", target


def _fill(text: str, values: dict[str, str]) -> str:
    for name, value in values.items():
        text = text.replace(name, value)
    if "$" in text:
        raise ValueError(f"a variable of Grafana is left in: {text}")
    return text
