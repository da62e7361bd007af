"""From where to where data flows: source, lake, staging area, dbt's models, dashboards.

The catalogue says it up to the staging area. From there on dbt's manifest says it: its models name what they read, and
its exposures are the dashboards.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bikes_store.tables import CURRENCY, STAGED, STAGING_SCHEMA, WAREHOUSE_SCHEMA
from cli.names import BUCKETS

#: The stations, in the order of the flow. Those of models are the folders of the dbt project.
STATIONS = ("source", "lake", "staging", "dimensions", "intermediate", "facts", "marts", "dashboards")


@dataclass(frozen=True)
class Node:
    """A table, a folder of the lake or a dashboard. ``place`` is its full name where it is."""

    id: str
    name: str
    station: str
    place: str
    description: str


@dataclass(frozen=True)
class Lineage:
    """``edges`` are pairs of ids: what is read, and what reads it."""

    nodes: Mapping[str, Node]
    edges: frozenset[tuple[str, str]]

    def before(self, node: str) -> set[str]:
        """All that a node is made from, however far away."""
        return self._reached(node, {(reader, read) for read, reader in self.edges})

    def after(self, node: str) -> set[str]:
        """All that is made from a node, however far away."""
        return self._reached(node, self.edges)

    @staticmethod
    def _reached(start: str, edges: set[tuple[str, str]] | frozenset[tuple[str, str]]) -> set[str]:
        found: set[str] = set()
        new = {start}
        while new:
            new = {end for begin, end in edges if begin in new} - found
            found |= new
        return found


def read_lineage(manifest: Path) -> Lineage:
    """The lineage of the platform.

    :param manifest: dbt's, which each way to run the platform writes.
    :raises FileNotFoundError: when it does not exist.
    :raises ValueError: when a model is in a folder that is no station, or reads a table that is not in the catalogue.
    """
    content = json.loads(manifest.read_text())
    nodes = [*_stations_of_tables(), *_models(content), *_dashboards(content)]
    by_id = {node.id: node for node in nodes}
    edges = {(f"source.{name}", f"lake.{name}") for name in STAGED}
    edges |= {(f"lake.{name}", f"staging.{name}") for name in STAGED}
    for reader in (*_of_kind(content, "model", "snapshot"), *content["exposures"].values()):
        edges |= {(_id(content, read), reader["name"]) for read in reader["depends_on"]["nodes"]}
    if unknown := sorted({end for edge in edges for end in edge} - set(by_id)):
        raise ValueError(f"{manifest} names {unknown[0]}, which neither the catalogue nor a model makes.")
    return Lineage(by_id, frozenset(edges))


def _stations_of_tables() -> Iterator[Node]:
    for table in STAGED.values():
        key = ", ".join(table.key)
        is_api = table is CURRENCY
        place = "the currency API" if is_api else f"{table.source} of the transaction database"
        yield Node(f"source.{table.name}", table.source, "source", place, f"Key: {key}.")
        folder = f"s3://{BUCKETS['data']}/{table.source}/"
        yield Node(f"lake.{table.name}", table.source, "lake", folder, "A CSV file for each run.")
        staged = f"{STAGING_SCHEMA}.{table.name}"
        yield Node(f"staging.{table.name}", table.name, "staging", staged, f"A copy of {table.source}. Key: {key}.")


def _models(manifest: Mapping[str, Any]) -> Iterator[Node]:
    for node in _of_kind(manifest, "model", "snapshot"):
        # A snapshot is a dimension with history.
        station = "dimensions" if node["resource_type"] == "snapshot" else node["fqn"][1]
        if station not in STATIONS:
            raise ValueError(f"The model {node['name']} is in a folder that cli/lineage.py does not know: {station}.")
        place = f"{WAREHOUSE_SCHEMA}.{node['name']}"
        if node["config"]["materialized"] == "ephemeral":
            place = f"{node['name']}, a part of the statements that read it"
        yield Node(node["name"], node["name"], station, place, node["description"])


def _dashboards(manifest: Mapping[str, Any]) -> Iterator[Node]:
    for node in manifest["exposures"].values():
        yield Node(node["name"], node["label"], "dashboards", f"the dashboard {node['label']}", node["description"])


def _of_kind(manifest: Mapping[str, Any], *kinds: str) -> Iterator[dict[str, Any]]:
    for node in manifest["nodes"].values():
        if node["resource_type"] in kinds:
            yield node


def _id(manifest: Mapping[str, Any], unique_id: str) -> str:
    """Our id of what dbt names with its kind and its project."""
    source = manifest["sources"].get(unique_id)
    return f"staging.{source['name']}" if source else unique_id.rsplit(".", 1)[-1]
