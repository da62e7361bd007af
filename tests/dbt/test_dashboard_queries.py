"""Every SQL panel runs on the warehouse, as the role that Grafana reads with, and has something to show."""

from __future__ import annotations

import json
import re

import pytest

from cli.database import connect
from cli.names import ROLES, password_of
from cli.pages.write import PAGES, write_pages
from cli.paths import REPOSITORY
from cli.processes.postgres import psql
from tests.support.dashboards import boards, warehouse_queries
from tests.support.warehouse import SHOP, Warehouse, point_dbt_at


@pytest.fixture(scope="module")
def reporter(services, postgres, template_dbt, target):
    """DSN of the reporting role, on the warehouse of a small shop."""
    made = Warehouse(postgres.create_database("test_dashboards", template_dbt), target)
    made.execute(SHOP)
    with pytest.MonkeyPatch.context() as patch:
        point_dbt_at(patch, postgres, "test_dashboards")
        made.run()
    roles = json.dumps(services.settings.passwords(*ROLES["warehouse"]))
    psql(made.dsn).run(REPOSITORY / "warehouse" / "roles.sql", environment={"ROLES": roles})
    return services.settings.dsn("test_dashboards", "reporter", password_of("reporter"))


@pytest.mark.parametrize("query", list(warehouse_queries()), ids=lambda query: query.name)
def test_panel_shows_something(reporter, query):
    with connect(reporter) as connection, connection.cursor() as cursor:
        cursor.execute(query.text)
        rows = cursor.fetchall()
    assert rows
    assert all(any(value is not None for value in column) for column in zip(*rows, strict=True))


def test_reporter_reads_the_reconciliation(reporter):
    with connect(reporter) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT measure, difference FROM warehouse.mart_reconciliation ORDER BY measure")
        assert cursor.fetchall() == [("order_lines", 0), ("revenue", 0), ("total_due", 0)]


def test_sales_page_shows_what_the_marts_hold(reporter, tmp_path):
    """One of the pages that stand in for Grafana in `make demo`: whole in one file, with the marts' figures."""
    sales, *others = write_pages(tmp_path, reporter, None)
    html = sales.read_text()
    (board,) = [board for name, board in boards() if name == "sales"]
    assert html.count("<section") == len(board["panels"])
    assert "<strong>$1,012.00</strong>" in html  # the shop's four lines
    assert "<strong>2</strong>" in html  # its two orders
    assert html.count('<svg viewBox="0 0 100 100"') == 3 and html.count('class="bar"') > 3
    assert "Bike" in html and "Ann Lee" in html
    assert re.findall(r'(?:src|href)="([^"]*)"', html) == ["#panels", *(f"{page}.html" for page in PAGES)]
    for page in others:
        html = page.read_text()
        assert "Nothing collected metrics" in html and "<section" not in html
