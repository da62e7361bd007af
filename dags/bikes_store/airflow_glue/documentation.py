"""What Airflow's pages tell people: the documentation of the DAGs and of their tasks, in Markdown.

A DAG's text is the file beside it. Runbooks and dashboards become links where their addresses are known.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from airflow import DAG
from airflow.configuration import conf

from bikes_store.airflow_glue.defaults import OWNER
from bikes_store.environment import dashboards_url, data_bucket, runbooks_url
from bikes_store.tables import CHANGE_COLUMN, CURRENCY, STAGING_SCHEMA, WAREHOUSE_SCHEMA, Table

_PROJECT = "bikes_store_warehouse"
_WHAT_ENDS = re.compile(r"_(run|snapshot)$")


def of_dag(file: str) -> str:
    """The documentation of a DAG.

    :param file: the DAG's; the text has the same name and ends in .md.
    """
    text = Path(file).with_suffix(".md").read_text()
    if runbooks := runbooks_url():
        text = re.sub(r"`([a-z-]+\.md)`", rf"[`\1`]({runbooks}/\1)", text)
    if dashboards := dashboards_url():
        text = re.sub(r"dashboard \*(\w+)\*", lambda found: f"dashboard {_link(dashboards, found[1])}", text)
    return text


def owner_links() -> dict[str, str]:
    """Where the name of the DAGs' owner leads: to what to do when something fails."""
    runbooks = runbooks_url()
    return {OWNER: f"{runbooks}/README.md"} if runbooks else {}


def of_extract(table: Table) -> str:
    """The documentation of the task that brings a table to the lake."""
    origin = "the currency API" if table is CURRENCY else f"`{table.source}` of the source"
    takes = "All rows, each time."
    if table is not CURRENCY:
        takes = f"All rows; in incremental mode those whose `{CHANGE_COLUMN}` is in the window that the log names."
    return (
        f"From {origin} to `s3://{data_bucket()}/{table.source}/`: a CSV file for each run. {takes}"
        f"\n\nNext: `load.{_kind(table)}.{table.name}`.\n\n{_columns(table)}"
    )


def of_load(table: Table) -> str:
    """The documentation of the task that brings a table to the staging area."""
    return (
        f"From `s3://{data_bucket()}/{table.source}/` to `{STAGING_SCHEMA}.{table.name}`, in one transaction that"
        " touches only rows that differ. The return value says how many rows were read, written and deleted."
        f"\n\nNext: [what dbt makes of it]({_in_docs('source', f'{STAGING_SCHEMA}.{table.name}')})."
        f"\n\n{_columns(table)}"
    )


def describe_models(dag: DAG, manifest: Path) -> None:
    """Give every task of a model its documentation: what dbt says of the model, what it reads and what reads it.

    :param manifest: dbt's.
    """
    content = json.loads(manifest.read_text())
    nodes = content["nodes"].values()
    models = {node["name"]: node for node in nodes if node["resource_type"] in ("model", "snapshot")}
    tests = sum(node["resource_type"] == "test" for node in nodes)
    readers: dict[str, list[str]] = {name: [] for name in models}
    for node in (*models.values(), *content["exposures"].values()):
        for read in node["depends_on"]["nodes"]:
            readers.setdefault(_last(read), []).append(node.get("label") or node["name"])
    for task in dag.tasks:
        name = _WHAT_ENDS.sub("", task.task_id.rsplit(".", 1)[-1])
        if model := models.get(name):
            task.doc_md = _of_model(model, readers[name])
        elif name == f"{_PROJECT}_test":
            task.doc_md = (
                f"Runs the {tests} data tests of dbt: keys, relationships, rows and money. One that fails ends the run"
                " at once: its name and its first rows are in the log and in Slack."
            )


def _link(dashboards: str, name: str) -> str:
    return f"[{name}]({dashboards}/d/bikes-store-{name.lower()})"


def _of_model(model: dict[str, Any], readers: list[str]) -> str:
    name, kind = model["name"], model["resource_type"]
    writes = f"Builds `{WAREHOUSE_SCHEMA}.{name}`."
    if model["config"]["materialized"] == "ephemeral":
        writes = "Does nothing itself: this is a part of the statements that read it."
    read = sorted(_last(node) for node in model["depends_on"]["nodes"])
    return (
        f"{writes} {model['description']}"
        f"\n\nReads {_names(read)}."
        + (f" Read by {_names(sorted(readers))}." if readers else "")
        + f"\n\n[Columns, tests and lineage in dbt Docs]({_in_docs(kind, name)})"
    )


def _columns(table: Table) -> str:
    rows = [f"| `{column}` | {'key' if column in table.key else ''} |" for column in table.columns]
    return "\n".join(["| column | |", "|---|---|", *rows])


def _kind(table: Table) -> str:
    return "api" if table is CURRENCY else "db"


def _in_docs(kind: str, name: str) -> str:
    """Address of a table's page in dbt's documentation, which Cosmos shows (see dbt_docs.py)."""
    return f"{conf.get('webserver', 'base_url')}/cosmos/dbt_docs#!/{kind}/{kind}.{_PROJECT}.{name}"


def _names(names: list[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def _last(unique_id: str) -> str:
    return unique_id.rsplit(".", 1)[-1]
