"""Every SQL panel runs on the warehouse, as the role that Grafana reads with, and has something to show."""

from __future__ import annotations

import json
import re
from contextlib import closing

import psycopg2
import pytest

from cli.database import connect
from cli.database import query as ask
from cli.names import ROLES, password_of
from cli.pages.answers import all_values
from cli.pages.warehouse import Marts
from cli.pages.write import MENU, write_pages
from cli.paths import REPOSITORY
from cli.processes.postgres import psql
from tests.support.browser import WIDTHS, assert_fits
from tests.support.dashboards import boards, warehouse_queries
from tests.support.warehouse import SHOP, Warehouse, point_dbt_at


def prepared(services, dsn, database):
    """DSN of the reporting role, on a database that is prepared as `make up` and `make demo` prepare it."""
    roles = json.dumps(services.settings.passwords(*ROLES["warehouse"]))
    psql(dsn).run(REPOSITORY / "warehouse" / "roles.sql", environment={"ROLES": roles})
    return services.settings.dsn(database, "reporter", password_of("reporter"))


@pytest.fixture(scope="module")
def reporter(services, postgres, template_dbt, target):
    """The reporting role on the warehouse of a small shop."""
    made = Warehouse(postgres.create_database("test_dashboards", template_dbt), target)
    made.execute(SHOP)
    with pytest.MonkeyPatch.context() as patch:
        point_dbt_at(patch, postgres, "test_dashboards")
        made.run()
    return prepared(services, made.dsn, "test_dashboards")  # after dbt, which runs as the superuser here


@pytest.fixture(scope="module")
def early_reporter(services, postgres, template_dbt):
    """The reporting role on a warehouse in which dbt has built nothing yet."""
    return prepared(services, postgres.create_database("test_dashboards_early", template_dbt), "test_dashboards_early")


@pytest.mark.parametrize("query", list(warehouse_queries()), ids=lambda query: query.name)
def test_before_the_first_run_a_panel_has_no_rows_and_no_error(early_reporter, query):
    rows = ask(early_reporter, query.text)
    if query.name == "sales: Newest order (A)":
        assert rows == [("no run yet", None, None)]
    else:
        assert rows in ([], [(None,)])


def test_what_panels_read_before_the_first_run_has_the_columns_that_dbt_makes(reporter):
    columns = "SELECT table_name, column_name, data_type FROM information_schema.columns WHERE table_schema = '{}'"
    early = set(ask(reporter, columns.format("before_first_run")))
    assert len(early) > 20
    assert early <= set(ask(reporter, columns.format("warehouse")))


@pytest.mark.parametrize("query", list(warehouse_queries()), ids=lambda query: query.name)
def test_panel_shows_something(reporter, query):
    with connect(reporter) as connection, connection.cursor() as cursor:
        cursor.execute(query.text)
        rows = cursor.fetchall()
    assert rows
    assert all(any(value is not None for value in column) for column in zip(*rows, strict=True))


def test_links_take_their_words_from_columns(reporter):
    """A misspelt name would stay in the address as it is."""
    linked = set()
    with closing(psycopg2.connect(reporter)) as connection:
        (board,) = [board for name, board in boards() if name == "sales"]
        marts = Marts(connection, all_values(board))
        for panel in board["panels"]:
            words = set(re.findall(r"__data\.fields\.(\w+)", json.dumps(panel["fieldConfig"])))
            assert words <= set(marts.table(panel).columns), panel["title"]
            linked |= words
    assert linked == {"territory_name", "product_name", "first", "last"}


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
    assert ">$1,012.00</strong>" in html  # the shop's four lines
    assert ">2</strong>" in html  # its two orders
    assert html.count('<svg viewBox="0 0 100 100"') == 3 and html.count('class="bar"') > 3
    assert "Bike" in html and "Ann Lee" in html
    assert re.findall(r'(?:src|href)="([^"]*)"', html) == ["#panels", *(f"{page}.html" for page in MENU)]
    for page in others:
        html = page.read_text()
        assert "Nothing collected metrics" in html and "<section" not in html


@pytest.mark.parametrize("width", WIDTHS)
def test_sales_page_fits_the_window(reporter, tmp_path, width):
    sales, *_ = write_pages(tmp_path, reporter, None)
    assert_fits(sales.read_text(), width, tmp_path)


def test_before_the_first_run_the_sales_page_says_so(early_reporter, tmp_path):
    sales, *_ = write_pages(tmp_path, early_reporter, None)
    html = sales.read_text()
    assert "no run yet" in html
    assert html.count("No orders: none in this time, or no run yet.") == html.count("<section") - 1
