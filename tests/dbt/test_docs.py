"""dbt's documentation, made as the last task of a warehouse run makes it, from a real warehouse to a real lake."""

from __future__ import annotations

import re
from types import SimpleNamespace

from cosmos import ProfileConfig
from cosmos.constants import InvocationMode
from cosmos.profiles import PostgresUserPasswordProfileMapping

from bikes_store.airflow_glue import connections, dbt_docs
from cli.names import BUCKETS
from cli.paths import DBT_PROJECT
from cli.processes.settings import LOOPBACK
from tests.support.airflow_environment import set_airflow_environment


def test_it_has_the_columns_of_the_database_and_loads_nothing(shop, services, s3, monkeypatch):
    monkeypatch.setenv("NO_PROXY", LOOPBACK)  # for the lake
    monkeypatch.setenv("AIRFLOW__COSMOS__DBT_DOCS_DIR", f"s3://{BUCKETS['logs']}/docs-of-a-shop")
    set_airflow_environment(monkeypatch, shop.dsn, shop.dsn, services.settings)
    shop.dbt("parse")
    profile = PostgresUserPasswordProfileMapping(conn_id=connections.WAREHOUSE, profile_args={"schema": "warehouse"})
    task = dbt_docs.write_docs(
        "dbt_docs",
        project_dir=DBT_PROJECT,
        manifest_filepath=str(shop.target / "manifest.json"),
        profile_config=ProfileConfig("bikes_store_warehouse", "airflow", profile_mapping=profile),
        invocation_mode=InvocationMode.DBT_RUNNER,
        dbt_cmd_global_flags=["--no-populate-cache"],
    )
    ti = SimpleNamespace()
    task.execute({"run_id": "by_hand", "task_instance": ti, "ti": ti})
    found = s3.get_object(Bucket=BUCKETS["logs"], Key="docs-of-a-shop/static_index.html")
    page = found["Body"].read().decode()
    # dbt's catalog, which comes from the database, and its manifest, with the dashboards.
    assert re.search(r'"line_total": \{"type": "numeric", "index": \d+, "name": "line_total"', page)
    assert '"exposure.bikes_store_warehouse.sales"' in page
    assert "# The warehouse of Bikes Store" in page
    assert "INLINE DATA" not in page
    assert services.settings.secrets["lake_secret_key"] not in page
