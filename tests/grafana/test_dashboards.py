"""Dashboards have what a person needs to read them: titles, descriptions, units. Each rule has a runbook."""

from __future__ import annotations

import json
import re

import pytest

from cli.paths import REPOSITORY
from tests.support.dashboards import DASHBOARDS, RULES, panels, prometheus_queries, warehouse_queries

RUNBOOKS = REPOSITORY / "docs" / "runbooks"


def test_each_dashboard_has_an_address_of_its_own():
    assert {file.stem for file in DASHBOARDS} >= {"pipeline", "platform", "sales"}
    uids = [json.loads(file.read_text())["uid"] for file in DASHBOARDS]
    assert len(set(uids)) == len(uids)


@pytest.mark.parametrize(("name", "panel"), list(panels()))
def test_panel_can_be_read(name, panel):
    assert panel["title"] and panel["description"]
    assert panel["fieldConfig"]["defaults"]["unit"]
    assert panel["datasource"]["uid"] in ("prometheus", "warehouse")
    assert panel["targets"]
    width, right = panel["gridPos"]["w"], panel["gridPos"]["x"] + panel["gridPos"]["w"]
    assert 0 < width <= 24 and right <= 24


# Kind of panel => what each data source must hand to it. A table of Prometheus' series has columns only in the format
# "table"; else each series is a table of its own, and one is seen at a time. One value each is an instant query.
# https://grafana.com/docs/grafana/latest/datasources/prometheus/query-editor/#format
# https://grafana.com/docs/grafana/latest/datasources/postgres/#time-series-queries
HANDED = {
    "table": {"prometheus": ("table", "instant"), "warehouse": "table"},
    "timeseries": {"prometheus": ("time_series", "range"), "warehouse": "time_series"},
    "stat": {"prometheus": ("time_series", "instant"), "warehouse": "table"},
    "bargauge": {"prometheus": ("time_series", "instant"), "warehouse": "table"},
    "barchart": {"warehouse": "table"},
    "piechart": {"warehouse": "table"},
}


@pytest.mark.parametrize(("name", "panel"), list(panels()))
def test_query_hands_over_what_its_kind_of_panel_draws(name, panel):
    for target in panel["targets"]:
        source = target["datasource"]["uid"]
        format_ = target.get("format")
        if source == "prometheus":
            asked = [way for way in ("instant", "range") if target[way]]
            assert (format_, *asked) == HANDED[panel["type"]][source]
        else:
            assert format_ == HANDED[panel["type"]][source]


@pytest.mark.parametrize("file", DASHBOARDS, ids=lambda file: file.stem)
def test_panels_do_not_overlap(file):
    board = json.loads(file.read_text())
    cells = [
        (x, y)
        for panel in board["panels"]
        for x in range(panel["gridPos"]["x"], panel["gridPos"]["x"] + panel["gridPos"]["w"])
        for y in range(panel["gridPos"]["y"], panel["gridPos"]["y"] + panel["gridPos"]["h"])
    ]
    assert len(cells) == len(set(cells))
    ids = [panel["id"] for panel in board["panels"]]
    assert len(ids) == len(set(ids))


@pytest.mark.parametrize("file", DASHBOARDS, ids=lambda file: file.stem)
def test_grafanas_own_model_knows_every_word(file):
    """The model drops what it does not know: a misspelt option, a panel type that does not exist."""
    pytest.importorskip("grafana_foundation_sdk", reason="it has no release for this Python")
    from grafana_foundation_sdk.cog.encoder import JSONEncoder
    from grafana_foundation_sdk.cog.plugins import register_default_plugins
    from grafana_foundation_sdk.models.dashboard import Dashboard

    register_default_plugins()
    board = json.loads(file.read_text())
    through = json.loads(JSONEncoder().encode(Dashboard.from_json(board)))
    assert list(lost(board, through)) == []


def lost(one, other, path=""):
    if isinstance(one, dict):
        for name, value in one.items():
            if name in other:
                yield from lost(value, other[name], f"{path}.{name}")
            elif value is not None:
                yield f"{path}.{name}"
    elif isinstance(one, list):
        assert len(one) == len(other), path
        for index, (mine, theirs) in enumerate(zip(one, other, strict=True)):
            yield from lost(mine, theirs, f"{path}[{index}]")
    elif one != other:
        yield f"{path}: {one!r} became {other!r}"


def test_every_query_can_be_filled_in():
    metrics, warehouse = list(prometheus_queries()), list(warehouse_queries())
    assert len(metrics) > 25
    assert len(warehouse) >= 13
    variables = [query for query in warehouse if "variable" in query.name]
    assert len(metrics) + len(warehouse) - len(variables) == sum(len(panel["targets"]) for _, panel in panels())


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule["name"])
def test_rule_says_what_to_do(rule):
    assert rule["severity"] in ("critical", "warning")
    assert rule["no_data_state"] in ("OK", "Alerting")
    assert rule["summary"].endswith(".")
    text = (RUNBOOKS / rule["runbook"]).read_text()
    assert text.startswith(f"# {rule['name']}\n")
    assert [word for word in ("Means", "See", "Do") if f"**{word}.**" in text] == ["Means", "See", "Do"]
    assert f"({rule['runbook']}) | {rule['severity']} |" in (RUNBOOKS / "README.md").read_text()


def test_every_runbook_has_a_rule():
    pages = {file.name for file in RUNBOOKS.glob("*.md")} - {"README.md"}
    assert pages == {rule["runbook"] for rule in RULES}


def test_every_metric_that_is_asked_for_is_one_that_the_mapping_makes():
    """A misspelt name gives an empty panel, or an alert that never fires."""
    mapping = (REPOSITORY / "prometheus" / "statsd_mapping.yml").read_text()
    made = [re.sub(r"\$\{\d\}", r"\\w+", name) for name in re.findall(r"^    name: (\S+)$", mapping, re.MULTILINE)]
    known = re.compile(f"({'|'.join(made)})(_bucket|_sum|_count)?")
    asked = " ".join([query.text for query in prometheus_queries()] + [rule["expr"] for rule in RULES])
    names = set(re.findall(r"\b(?:airflow|bikes_store)_\w+(?=[\s{\[)])", asked))
    assert len(names) > 20
    assert [name for name in sorted(names) if not known.fullmatch(name)] == []
