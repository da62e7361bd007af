"""What dbt and the pages say of the lineage is what the dashboards' queries and the project are."""

from __future__ import annotations

import json
import re

import pytest

from bikes_store import reconciliation
from bikes_store.tables import TABLES
from cli.dictionary import reads
from cli.lineage import read_lineage
from cli.pages.lineage import SHAPES, draw
from cli.pages.write import make_lineage_page
from tests.support.browser import measure
from tests.support.dashboards import boards, prometheus_queries, warehouse_queries

# A metric that a task makes of what it reads in the warehouse => the table.
_METRICS = {"bikes_store_warehouse_difference_": reconciliation.TABLE}


def tables_of(name):
    """The tables of the warehouse that a dashboard's queries read, also by way of metrics."""
    queries = "\n".join(query.text for query in warehouse_queries() if query.name.startswith(f"{name}:"))
    read = set(re.findall(r"\b(?:from|join)\s+(?:warehouse\.)?([a-z]\w+)\b(?! *\()", queries))
    metrics = " ".join(query.text for query in prometheus_queries() if query.name.startswith(f"{name}:"))
    return read | {table for metric, table in _METRICS.items() if metric in metrics}


def test_each_dashboard_is_an_exposure_with_the_tables_that_its_queries_read(manifest):
    content = json.loads(manifest.read_text())
    exposures = {exposure["name"]: exposure for exposure in content["exposures"].values()}
    assert set(exposures) == {name for name, _ in boards()}
    for name, board in boards():
        exposure = exposures[name]
        assert {node.rsplit(".", 1)[-1] for node in exposure["depends_on"]["nodes"]} == tables_of(name), name
        assert exposure["label"] == board["title"]
        assert exposure["url"].endswith(f"/d/{board['uid']}")
    assert len(tables_of("sales")) >= 5


def test_exposures_make_no_tasks(dags):
    assert not [task for task in dags.dags["bikes_store_warehouse"].task_ids if task.endswith(("sales", "exposure"))]


def test_the_whole_flow_is_in_the_lineage(manifest):
    lineage = read_lineage(manifest)
    assert {f"source.{name}" for name in TABLES if name not in ("shoppingcartitem", "specialofferproduct")} <= (
        lineage.before("sales") | lineage.before("fact_sales_territory_history")
    )
    assert "sales" in lineage.after("source.salesorderdetail")
    unread = {node.id for node in lineage.nodes.values() if node.station == "staging" and not lineage.after(node.id)}
    assert unread == {"staging.shoppingcartitem", "staging.specialofferproduct"}


@pytest.mark.parametrize(("shape", "room"), [(SHAPES[0], 738), (SHAPES[1], 1442)], ids=["narrow", "wide"])
def test_the_drawing_has_room_in_its_window(manifest, shape, room):
    """800 and 1500 pixels, less what the page leaves free. In less room its letters would be smaller than 11 pixels."""
    drawing = draw(read_lineage(manifest), shape)
    assert drawing.width <= room
    assert drawing.height < 700


@pytest.mark.parametrize("width", [800, 1600])
def test_the_page_can_be_read_and_lights_what_is_before_and_after_a_table(manifest, tmp_path, width):
    lineage = read_lineage(manifest)
    click = 'document.querySelectorAll("[data-id=dim_store]").forEach(e => e.dispatchEvent(new Event("click")))'
    page = make_lineage_page(manifest).replace("</body>", f"<script>{click}</script></body>")
    found = measure(page, width, tmp_path)
    assert found["window"] == found["page"] == width, found
    assert found["beyond"] == 0 and found["text"] >= 10.5, found
    # One of the two drawings is seen.
    assert found["lit"] == [1 + len(lineage.before("dim_store")) + len(lineage.after("dim_store"))]


def test_the_data_dictionary_knows_what_each_model_reads(manifest):
    nodes = json.loads(manifest.read_text())["nodes"].values()
    models = [node for node in nodes if node["resource_type"] in ("model", "snapshot")]
    assert reads() == {
        node["name"]: sorted({read.rsplit(".", 1)[-1] for read in node["depends_on"]["nodes"]}) for node in models
    }
