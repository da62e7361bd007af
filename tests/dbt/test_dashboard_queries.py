"""Every SQL panel runs on the warehouse, as the role that Grafana reads with, and has something to show."""

from __future__ import annotations

import pytest

from demo import airflow
from demo.postgres import connect, psql
from demo.settings import REPOSITORY
from tests.dbt.conftest import SHOP, Warehouse, point_dbt_at
from tests.monitoring.dashboards import warehouse_queries


@pytest.fixture(scope="module")
def reporter(services, postgres, template_dbt, target):
    """DSN of the reporting role, on the warehouse of a small shop."""
    made = Warehouse(postgres.create_database("test_dashboards", template_dbt), target)
    made.execute(SHOP)
    with pytest.MonkeyPatch.context() as patch:
        point_dbt_at(patch, postgres, "test_dashboards")
        made.run()
    variables = airflow.role_variables(services.settings)
    psql(made.dsn, REPOSITORY / "warehouse" / "roles.sql", environment=variables)
    return services.settings.dsn("test_dashboards", variables["REPORTER_USER"], "reporter_password")


@pytest.mark.parametrize("query", list(warehouse_queries()), ids=lambda query: query.name)
def test_panel_shows_something(reporter, query):
    with connect(reporter) as connection, connection.cursor() as cursor:
        cursor.execute(query.text)
        rows = cursor.fetchall()
    assert rows
    assert all(any(value is not None for value in column) for column in zip(*rows, strict=True))
