"""What the tasks of the staging DAG tell OpenLineage: what they read and what they wrote. Cosmos tells it for dbt's.

Datasets have the names that other tools give them, so that a lineage server joins them:
https://openlineage.io/docs/spec/naming
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from airflow.hooks.base import BaseHook

from bikes_store.airflow_glue import connections, variables
from bikes_store.environment import data_bucket
from bikes_store.tables import CURRENCY, STAGING_SCHEMA, Table

if TYPE_CHECKING:
    from openlineage.client.event_v2 import Dataset


def of_extract(table: Table) -> Any:
    """From the source, or the currency API, to the lake."""
    return _lineage(_of_api() if table is CURRENCY else _of_source(table), _of_lake(table))


def of_load(table: Table) -> Any:
    """From the lake to the staging area."""
    return _lineage(_of_lake(table), _of_table(connections.STAGING, f"{STAGING_SCHEMA}.{table.name}", table))


def _lineage(read: Dataset, written: Dataset) -> Any:
    from airflow.providers.openlineage.extractors import OperatorLineage

    return OperatorLineage(inputs=[read], outputs=[written])


def _of_source(table: Table) -> Dataset:
    return _of_table(connections.SOURCE, table.source, table)


def _of_table(connection_id: str, name: str, table: Table) -> Dataset:
    found = BaseHook.get_connection(connection_id)
    return _dataset(f"postgres://{found.host}:{found.port or 5432}", f"{found.schema}.{name}", table)


def _of_lake(table: Table) -> Dataset:
    """All objects of the table: a run's own would be a dataset that nobody reads again."""
    return _dataset(f"s3://{data_bucket()}", table.source, table)


def _of_api() -> Dataset:
    address = urlsplit(variables.currency_api_url())
    # Without what a login would add to the host.
    host = address.netloc.rpartition("@")[2]
    return _dataset(f"{address.scheme}://{host}", address.path or "/", CURRENCY)


def _dataset(namespace: str, name: str, table: Table) -> Dataset:
    from openlineage.client.event_v2 import Dataset
    from openlineage.client.facet_v2 import schema_dataset

    fields = [schema_dataset.SchemaDatasetFacetFields(name=column) for column in table.columns]
    return Dataset(namespace=namespace, name=name, facets={"schema": schema_dataset.SchemaDatasetFacet(fields=fields)})
