"""The dashboards' queries and the alert rules, for tests that ask Prometheus and the warehouse."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from cli.pages import alerts, prometheus, warehouse
from cli.pages.answers import all_values
from cli.paths import REPOSITORY

DASHBOARDS = sorted((REPOSITORY / "grafana" / "dashboards").glob("*.json"))
RULES = alerts.rules()
firing = alerts.condition

_HOUR = 3600.0


@dataclass(frozen=True)
class Query:
    """A query of a panel, with Grafana's variables filled in."""

    name: str
    text: str


def prometheus_queries() -> Iterator[Query]:
    for name, board in boards():
        for title, target in _targets(board, "prometheus"):
            yield Query(f"{name}: {title}", prometheus.fill_in(target["expr"], _HOUR, all_values(board)))


def annotation_queries() -> Iterator[Query]:
    """What marks moments in the charts. After a good run, these find nothing."""
    for name, board in boards():
        for annotation in board["annotations"]["list"]:
            text = prometheus.fill_in(annotation["target"]["expr"], _HOUR, all_values(board))
            yield Query(f"{name}: {annotation['name']}", text)


def warehouse_queries() -> Iterator[Query]:
    """The panels' queries, and those that list the values of variables."""
    for name, board in boards():
        for title, target in _targets(board, "warehouse"):
            yield Query(f"{name}: {title}", warehouse.fill_in(target["rawSql"], all_values(board)))
        for variable in board["templating"]["list"]:
            if variable.get("datasource", {}).get("uid") == "warehouse":
                yield Query(f"{name}: variable {variable['name']}", warehouse.fill_in(variable["query"], {}))


def shortened(rule: dict[str, Any], seconds: int) -> dict[str, Any]:
    """The rule with windows of seconds in place of minutes, for tests that wait for real faults. The rest stays.

    The windows themselves are tested by Prometheus' own rule tests, which need not wait.
    """
    return {**rule, "expr": re.sub(r"\[\d+m\]", f"[{seconds}s]", rule["expr"])}


def boards() -> Iterator[tuple[str, dict[str, Any]]]:
    for file in DASHBOARDS:
        yield file.stem, json.loads(file.read_text())


def panels() -> Iterator[tuple[str, dict[str, Any]]]:
    """Those that ask a data source."""
    for name, board in boards():
        for panel in board["panels"]:
            if panel["targets"]:
                yield f"{name}: {panel['title']}", panel


def _targets(board: dict[str, Any], datasource: str) -> Iterator[tuple[str, dict[str, Any]]]:
    for panel in board["panels"]:
        for target in panel["targets"]:
            if target["datasource"]["uid"] == datasource:
                yield f"{panel['title']} ({target['refId']})", target
