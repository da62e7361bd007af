"""Addresses of the datasets that tasks write."""

from __future__ import annotations

from airflow.datasets import Dataset

from bikes_store.environment import data_bucket, warehouse_address
from bikes_store.tables import STAGING_SCHEMA, Table


def lake_dataset(table: Table) -> Dataset:
    """Where the extracted objects of a table are."""
    return Dataset(f"s3://{data_bucket()}/{table.source}")


def staging_dataset(table_name: str) -> Dataset:
    """Where a table of the staging area is; ``*`` means all of them."""
    return Dataset(f"postgres://{warehouse_address()}/{STAGING_SCHEMA}/{table_name}")
