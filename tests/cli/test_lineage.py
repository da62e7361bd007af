"""The lineage of a small project: what is before and after a table, and how it is drawn."""

from __future__ import annotations

import json
import re
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest

from bikes_store.tables import CURRENCY, TABLES
from cli.lineage import STATIONS, read_lineage
from cli.pages.lineage import SHAPES, draw
from cli.pages.menu import MENU
from cli.pages.write import make_lineage_page


def model(name: str, folder: str, *reads: str, kind: str = "model", **config: str) -> dict[str, Any]:
    return {
        "name": name, "resource_type": kind, "fqn": ["shop", folder, name], "description": f"About <{name}>. More.",
        "config": {"materialized": "table", **config}, "depends_on": {"nodes": list(reads)},
    }  # fmt: skip


@pytest.fixture
def content() -> dict[str, Any]:
    """A manifest: two dimensions, a step, a fact, two marts, a test, a dashboard."""
    staging = {f"source.shop.area.{name}": {"name": name} for name in (*TABLES, CURRENCY.name)}
    return {
        "sources": staging,
        "nodes": {
            "snapshot.shop.dim_product": model(
                "dim_product", "dim_product", "source.shop.area.product", kind="snapshot"
            ),
            "model.shop.dim_currency": model("dim_currency", "dimensions", "source.shop.area.currency"),
            "model.shop.int_lines": model(
                "int_lines",
                "intermediate",
                "source.shop.area.salesorderdetail",
                "snapshot.shop.dim_product",
                materialized="ephemeral",
            ),
            "model.shop.fact_order": model("fact_order", "facts", "model.shop.int_lines"),
            "model.shop.mart_daily": model("mart_daily", "marts", "model.shop.fact_order"),
            "model.shop.mart_territory": model("mart_territory", "marts", "model.shop.mart_daily"),
            "test.shop.unique": model("unique", "tests", "model.shop.fact_order", kind="test"),
        },
        "exposures": {
            "exposure.shop.sales": {
                "name": "sales",
                "label": "Sales",
                "description": "Who bought.",
                "depends_on": {"nodes": ["model.shop.mart_daily"]},
            }
        },
    }


@pytest.fixture
def manifest(tmp_path, content) -> Path:
    file = tmp_path / "manifest.json"
    file.write_text(json.dumps(content))
    return file


def test_what_is_before_and_after_a_table(manifest):
    lineage = read_lineage(manifest)
    assert lineage.before("fact_order") == {
        "int_lines", "dim_product",
        *(f"{station}.{name}" for station in STATIONS[:3] for name in ("salesorderdetail", "product")),
    }  # fmt: skip
    assert lineage.after("source.product") == {
        "lake.product", "staging.product", "dim_product", "int_lines", "fact_order", "mart_daily", "mart_territory",
        "sales",
    }  # fmt: skip
    assert lineage.before("source.product") == lineage.after("mart_territory") == set()
    assert lineage.after("staging.store") == set()
    stations = [node.station for node in lineage.nodes.values()]
    assert [stations.count(station) for station in STATIONS] == [19, 19, 19, 2, 1, 1, 2, 1]


def test_a_node_says_where_it_is(manifest):
    nodes = read_lineage(manifest).nodes
    assert nodes["lake.customer"].place == "s3://bikes-store/sales.customer/"
    assert nodes["staging.customer"].description == "A copy of sales.customer. Key: customerid."
    assert nodes["source.currency"].place == "the currency API"
    assert nodes["mart_daily"].place == "warehouse.mart_daily"
    assert nodes["int_lines"].place == "int_lines, a part of the statements that read it"


@pytest.mark.parametrize(
    ("node", "sentence"),
    [
        (model("x", "sandbox"), "The model x is in a folder that cli/lineage.py does not know: sandbox."),
        (model("x", "marts", "model.shop.y"), "names y, which neither the catalogue nor a model makes."),
    ],
)
def test_what_has_no_place_is_named(manifest, content, node, sentence):
    content["nodes"]["model.shop.x"] = node
    manifest.write_text(json.dumps(content))
    with pytest.raises(ValueError, match=re.escape(sentence)):
        read_lineage(manifest)
    assert sentence in make_lineage_page(manifest)


@pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: shape.name)
def test_boxes_do_not_overlap_and_columns_go_from_left_to_right(manifest, shape):
    lineage = read_lineage(manifest)
    drawing = draw(lineage, shape)
    assert {box.node.id for box in drawing.boxes} == set(lineage.nodes)
    for one, other in combinations(drawing.boxes, 2):
        apart = one.x + one.width < other.x or other.x + other.width < one.x
        assert apart or one.y + one.height < other.y or other.y + other.height < one.y, (one.node.id, other.node.id)
    for box in drawing.boxes:
        assert box.x >= 0 and box.x + box.width <= drawing.width and box.y + box.height <= drawing.height, box.node.id
    left = {box.node.station: box.x for box in drawing.boxes}
    assert sorted(left, key=lambda station: left[station]) == list(STATIONS)
    assert {(read, reader) for read, reader, _ in drawing.curves} == lineage.edges
    rows = {box.node.id: box.middle for box in drawing.boxes}
    assert all(rows[f"source.{name}"] == rows[f"lake.{name}"] == rows[f"staging.{name}"] for name in TABLES)


def test_names_are_broken_between_words_where_there_is_little_room(manifest):
    narrow, wide = (
        {box.node.id: list(box.lines) for box in draw(read_lineage(manifest), shape).boxes} for shape in SHAPES
    )
    assert narrow["source.salesorderheadersalesreason"] == ["salesorderheader", "salesreason"]
    assert wide["source.salesorderheadersalesreason"] == ["sales.salesorderheadersalesreason"]
    assert (narrow["mart_territory"], wide["mart_territory"]) == (["mart_territory"], ["mart_territory"])
    assert (narrow["staging.store"], wide["staging.store"], wide["lake.store"]) == ([], ["store"], [])


def test_a_node_is_told_in_words(manifest):
    told = {box.node.id: box.told for box in draw(read_lineage(manifest), SHAPES[0]).boxes}
    assert told["fact_order"] == (
        "warehouse.fact_order. About <fact_order>. Made from 2 tables of the source, 1 dimension, 1 step."
        " Goes to 2 marts, 1 dashboard."
    )
    assert told["sales"].startswith("the dashboard Sales. Who bought. Made from 2 tables of the source")


def test_the_page_is_whole_in_one_file(manifest):
    page = make_lineage_page(manifest)
    assert page.count("<svg class=") == 2
    assert "About &lt;fact_order&gt;" in page and "<fact_order>" not in page
    assert re.findall(r'(?:src|href)="([^"]*)"', page) == ["#panels", *(f"{other}.html" for other in MENU)]
    assert re.findall(r"https?://|url\(|@import", page) == []
    assert '<a href="lineage.html" aria-current="page">' in page


def test_without_a_manifest_the_page_says_so(tmp_path):
    page = make_lineage_page(tmp_path / "manifest.json")
    assert "manifest is missing at" in page and "<svg" not in page
