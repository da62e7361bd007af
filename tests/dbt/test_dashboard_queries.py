"""Every SQL panel runs on the warehouse, as the role that Grafana reads with, and has something to show."""

from __future__ import annotations

import re

import pytest

from demo import airflow
from demo.postgres import connect, psql
from demo.sales_page import write_sales_page
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


def test_sales_page_shows_what_the_marts_hold(reporter, tmp_path):
    """The page that stands in for Grafana in `make demo`: whole in one file, with the marts' figures."""
    page = tmp_path / "sales.html"
    write_sales_page(page, reporter)
    html = page.read_text()
    assert html.count("<section") == len(list(warehouse_queries()))
    assert '<div class="number">$1,012.00</div>' in html  # the shop's four lines
    assert '<div class="number">2</div>' in html  # its two orders
    assert html.count("data:image/svg+xml;base64,") == 5
    assert "Bike" in html and "Ann Lee" in html
    assert re.findall(r'(?:src|href)="(?!data:)', html) == []
