"""Dashboards have what a person needs to read them: titles, descriptions, units. Each rule has a runbook."""

from __future__ import annotations

import json
import re

import pytest

from cli.paths import REPOSITORY
from tests.grafana.model import unknown_values, unknown_words
from tests.support.dashboards import DASHBOARDS, RULES, boards, panels, prometheus_queries, warehouse_queries

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
HANDED: dict[str, dict[str, tuple[str, ...]]] = {
    "table": {"prometheus": ("table", "instant"), "warehouse": ("table",)},
    "timeseries": {"prometheus": ("time_series", "range"), "warehouse": ("time_series",)},
    "stat": {"prometheus": ("time_series", "instant"), "warehouse": ("table",)},
    "bargauge": {"prometheus": ("time_series", "instant"), "warehouse": ("table",)},
    "barchart": {"warehouse": ("table",)},
    "piechart": {"warehouse": ("table",)},
}


@pytest.mark.parametrize(("name", "panel"), list(panels()))
def test_query_hands_over_what_its_kind_of_panel_draws(name, panel):
    for target in panel["targets"]:
        source = target["datasource"]["uid"]
        asked = [way for way in ("instant", "range") if target.get(way)]
        assert (target.get("format"), *asked) == HANDED[panel["type"]][source]


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


@pytest.mark.parametrize(("name", "board"), list(boards()))
def test_grafanas_own_model_knows_every_word_and_value(name, board):
    pytest.importorskip("grafana_foundation_sdk", reason="it has no release for this Python")
    assert unknown_words(board) == []
    assert unknown_values(board) == []


@pytest.mark.parametrize(
    ("right", "wrong", "found"),
    [
        ('"colorMode"', '"colourMode"', "colourMode"),
        ('"colorMode": "background"', '"colorMode": "backround"', "backround"),
        ('"placement": "bottom"', '"placement": "below"', "below"),
        ('"unit": "locale"', '"unit": "count"', "the unit count"),
        ('"type": "timeseries"', '"type": "timesseries"', "the panel timesseries"),
        ('"expr": "sum by (dag_id)', '"expression": "sum by (dag_id)', "expression"),
    ],
)
def test_the_model_finds_what_is_misspelt(right, wrong, found):
    pytest.importorskip("grafana_foundation_sdk", reason="it has no release for this Python")
    (board,) = [board for name, board in boards() if name == "platform"]
    text = json.dumps(board)
    assert right in text
    misspelt = json.loads(text.replace(right, wrong))
    assert found in str(unknown_words(misspelt) + unknown_values(misspelt))


def test_every_query_can_be_filled_in():
    metrics, warehouse = list(prometheus_queries()), list(warehouse_queries())
    assert len(metrics) > 25
    assert len(warehouse) >= 13
    variables = [query for query in warehouse if "variable" in query.name]
    assert len(metrics) + len(warehouse) - len(variables) == sum(len(panel["targets"]) for _, panel in panels())


def test_panel_without_data_says_why():
    assert [
        name for name, panel in panels() if not panel["fieldConfig"]["defaults"].get("noValue", "").endswith(".")
    ] == []


def test_counts_are_whole_numbers():
    """increase() gives 1.02 for one event, and the unit "short" writes 121,317 rows as 121 K."""
    configs = [panel["fieldConfig"]["defaults"] for _, panel in panels()] + [
        {each["id"]: each["value"] for each in override["properties"]}
        for _, panel in panels()
        for override in panel["fieldConfig"]["overrides"]
    ]
    units = [(config.get("unit"), config.get("decimals")) for config in configs]
    assert not {unit for unit, _ in units} & {"short", "none"}
    assert {decimals for unit, decimals in units if unit == "locale"} == {0}


def test_charts_share_their_crosshair():
    assert [name for name, board in boards() if board["graphTooltip"] != 1] == []


def test_links_keep_time_and_variables_where_the_time_is_the_same():
    """Sales shows when orders were made, the others show when the platform worked."""
    of_platform = {name for name, board in boards() if "operation" in board["tags"]}
    assert of_platform == {"pipeline", "platform"}
    uids = {f"/d/{board['uid']}" for _, board in boards()}
    for name, board in boards():
        (to_others,) = [link for link in board["links"] if link["type"] == "dashboards"]
        assert to_others["tags"] == ["operation"]
        kept = name in of_platform
        assert (to_others["keepTime"], to_others["includeVars"]) == (kept, kept)
        assert {link["url"] for link in board["links"] if link["type"] == "link"} <= uids | {"http://127.0.0.1:8080"}
    assert "/d/bikes-store-sales" in str([board["links"] for name, board in boards() if name in of_platform])


def test_failed_runs_are_marked_where_the_platform_is_shown():
    marked = [
        name for name, board in boards() for note in board["annotations"]["list"] if note["name"] == "Failed runs"
    ]
    assert marked == ["pipeline", "platform"]


def test_platform_lists_the_alerts_that_fire():
    (alerts,) = [panel for _, board in boards() for panel in board["panels"] if panel["type"] == "alertlist"]
    # https://github.com/grafana/grafana/blob/v11.6.1/public/app/plugins/panel/alertlist/types.ts
    assert alerts["options"]["folder"]["uid"] == "bikes-store"
    assert alerts["options"]["stateFilter"] == {
        "firing": True, "pending": True, "noData": True, "error": True, "normal": False,
    }  # fmt: skip
    assert {type(alerts["options"][name]) for name in ("alertName", "alertInstanceLabelFilter", "viewMode")} == {str}


@pytest.mark.parametrize(("name", "board"), list(boards()))
def test_each_variable_is_used_and_each_that_is_used_exists(name, board):
    known = {variable["name"] for variable in board["templating"]["list"]}
    asked = json.dumps([board["panels"], board["annotations"], board["templating"]])
    named = set(re.findall(r"\$\{?([a-z]\w+)", asked)) | set(re.findall(r"var-(\w+)=", asked))
    assert named == known


def test_all_is_written_out_for_each_variable():
    """Without it, Grafana lists the values: none before the first run, which is no SQL."""
    variables = [
        variable for _, board in boards() for variable in board["templating"]["list"] if variable["type"] == "query"
    ]
    assert len(variables) == 4
    assert all(variable["includeAll"] and variable["allValue"] for variable in variables)


@pytest.mark.parametrize("name", ["dag_id", "task_group"])
def test_all_takes_in_series_without_the_label(name):
    """Grafana writes All as a list of the label's values. A task outside a group has none."""
    (board,) = [board for stem, board in boards() if stem == "pipeline"]
    (variable,) = [variable for variable in board["templating"]["list"] if variable["name"] == name]
    assert variable["includeAll"] and variable["allValue"] == ".*"
    by_task = [query for panel in board["panels"] for query in panel["targets"] if "airflow_task_" in query["expr"]]
    assert len(by_task) > 4
    assert all(f'{name}=~"${name}"' in query["expr"] for query in by_task)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule["name"])
def test_rule_says_what_to_do(rule):
    assert rule["severity"] in ("critical", "warning")
    assert rule["no_data_state"] in ("OK", "Alerting")
    assert rule["summary"].endswith(".")
    text = (RUNBOOKS / rule["runbook"]).read_text()
    assert text.startswith(f"# {rule['name']}\n")
    assert [word for word in ("Means", "See", "Do") if f"**{word}.**" in text] == ["Means", "See", "Do"]
    assert f"({rule['runbook']}) | {rule['severity']} |" in (RUNBOOKS / "README.md").read_text()


def test_runbooks_name_panels_that_exist():
    titles = {board["title"]: [panel["title"] for panel in board["panels"]] for _, board in boards()}
    named = [
        (dashboard, title)
        for page in RUNBOOKS.glob("*.md")
        for dashboard, words in re.findall(r'Dashboard \*(\w+)\*, ((?:"[^"]+"(?: and )?)+)', page.read_text())
        for title in re.findall(r'"([^"]+)"', words)
    ]
    assert len(named) > 8
    assert [pair for pair in named if not any(title.startswith(pair[1]) for title in titles[pair[0]])] == []


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
