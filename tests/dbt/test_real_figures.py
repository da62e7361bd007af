"""On the real AdventureWorks, every figure that direct SQL gives equals the warehouse's."""

from __future__ import annotations

import pytest

from tests.support.real_data import needs_real_data
from tests.support.warehouse import UNKNOWN

pytestmark = needs_real_data

# The source's own answer: lines with their headers.
SOLD = """
(SELECT d.orderqty * d.unitprice * (1 - d.unitpricediscount) AS revenue, d.*, h.orderdate, h.onlineorderflag,
 h.customerid, h.salespersonid, h.territoryid, h.currencyrateid
 FROM salesorderdetail AS d JOIN salesorderheader AS h USING (salesorderid)) AS sold
"""
FACTS = "fact_order AS f JOIN dim_date AS d ON f.sk_order_date = d.sk_date"


def test_rows_and_money(real_warehouse):
    assert real_warehouse.value("SELECT count(*) FROM fact_order") == 121317
    assert str(real_warehouse.value("SELECT sum(line_total) FROM fact_order")).rstrip("0") == "109846381.399888"
    assert real_warehouse.rows(
        "SELECT sum(tax_amount), sum(freight), sum(total_due) FROM fact_order"
    ) == real_warehouse.rows("SELECT sum(taxamt), sum(freight), sum(totaldue) FROM salesorderheader")
    assert str(real_warehouse.value("SELECT sum(total_due) FROM fact_order")) == "123216786.1159"


def test_subtotals_of_695_orders_differ_from_their_lines(real_warehouse):
    assert real_warehouse.rows(
        "SELECT count(*), max(abs(lines - subtotal)) <= 0.00005 FROM salesorderheader JOIN ("
        " SELECT nk_sales_order, sum(line_total) AS lines FROM fact_order GROUP BY 1"
        ") AS f ON nk_sales_order = salesorderid WHERE lines <> subtotal"
    ) == [(695, True)]


@pytest.mark.parametrize(
    ("source", "warehouse"),
    [
        (
            f"SELECT extract(year FROM orderdate)::int, sum(revenue), count(DISTINCT salesorderid)"
            f" FROM {SOLD} GROUP BY 1",
            f"SELECT year_number, sum(line_total), count(DISTINCT nk_sales_order) FROM {FACTS} GROUP BY 1",
        ),
        (
            f"SELECT date_trunc('month', orderdate)::date, sum(revenue) FROM {SOLD} GROUP BY 1",
            "SELECT order_month, sum(revenue) FROM mart_sales_channel GROUP BY 1",
        ),
        (
            f"SELECT orderdate::date, sum(revenue) FROM {SOLD} GROUP BY 1",
            "SELECT order_date, sum(revenue) FROM mart_sales_daily GROUP BY 1",
        ),
        (
            "SELECT orderdate::date, sum(totaldue), sum(taxamt), sum(freight) FROM salesorderheader GROUP BY 1",
            "SELECT order_date, sum(total_due), sum(tax_amount), sum(freight) FROM mart_sales_daily GROUP BY 1",
        ),
        (
            "SELECT CASE WHEN onlineorderflag::boolean THEN 'online' ELSE 'reseller' END, sum(revenue),"
            f" sum(orderqty) FROM {SOLD} GROUP BY 1",
            "SELECT sales_channel, sum(revenue), sum(units) FROM mart_sales_channel GROUP BY 1",
        ),
        (
            f"SELECT name::text, sum(revenue), count(DISTINCT salesorderid) FROM {SOLD} JOIN salesterritory"
            " USING (territoryid) GROUP BY 1",
            "SELECT territory_name, sum(revenue), sum(orders) FROM mart_sales_territory GROUP BY 1",
        ),
        (
            f"SELECT productid, sum(revenue), sum(orderqty) FROM {SOLD} GROUP BY 1",
            "SELECT nk_product, sum(revenue), sum(units) FROM mart_sales_product GROUP BY 1",
        ),
        (
            f"SELECT customerid, sum(revenue), count(DISTINCT salesorderid), max(orderdate)::date"
            f" FROM {SOLD} GROUP BY 1",
            "SELECT nk_customer, revenue, orders, last_order_date FROM mart_customer_value",
        ),
        (
            f"SELECT salespersonid, sum(revenue) FROM {SOLD} WHERE salespersonid IS NOT NULL GROUP BY 1",
            "SELECT nk_sales_person, sum(line_total) FROM fact_order JOIN dim_sales_person USING (sk_sales_person)"
            " WHERE nk_sales_person <> -1 GROUP BY 1",
        ),
        (
            f"SELECT specialofferid, sum(revenue), sum(orderqty * unitprice) FROM {SOLD} GROUP BY 1",
            "SELECT nk_special_offer, revenue, revenue_before_discount FROM mart_special_offer_effect WHERE orders > 0",
        ),
        (
            f"SELECT coalesce(rtrim(tocurrencycode), 'USD'), sum(revenue) FROM {SOLD} LEFT JOIN currencyrate"
            " USING (currencyrateid) GROUP BY 1",
            "SELECT currency_code, sum(revenue) FROM mart_sales_currency GROUP BY 1",
        ),
        (
            f"SELECT name::text, sum(revenue), count(DISTINCT salesorderid) FROM {SOLD} JOIN"
            " salesorderheadersalesreason USING (salesorderid) JOIN salesreason USING (salesreasonid) GROUP BY 1",
            "SELECT sales_reason_name, sum(revenue), sum(orders) FROM mart_sales_reason"
            " WHERE sales_reason_name <> 'None given' GROUP BY 1",
        ),
        (
            f"SELECT q.businessentityid, q.quotadate::date, coalesce(sum(revenue), 0) FROM"
            " (SELECT *, lead(quotadate, 1, quotadate + interval '3 months') OVER"
            " (PARTITION BY businessentityid ORDER BY quotadate) AS next FROM salespersonquotahistory) AS q"
            f" LEFT JOIN {SOLD} ON salespersonid = q.businessentityid AND orderdate >= q.quotadate AND orderdate < next"
            " GROUP BY 1, 2",
            "SELECT nk_sales_person, quota_starts_on, revenue FROM mart_sales_person_quota",
        ),
    ],
    ids=[
        *("year", "month", "day", "header-amounts", "channel", "territory", "product", "customer", "person", "offer"),
        *("currency", "reason", "quota"),
    ],
)
def test_figures_by(real_warehouse, source, warehouse):
    expected = real_warehouse.rows(source)
    assert len(expected) > 1
    assert sorted(real_warehouse.rows(warehouse)) == sorted(expected)


def test_no_line_names_what_is_not_there(real_warehouse):
    may_be_unknown = {"sk_store", "sk_sales_person", "sk_currency_rate"}  # web orders, and orders without an exchange
    keys = {
        key
        for (key,) in real_warehouse.rows(
            "SELECT column_name FROM information_schema.columns"
            r" WHERE table_name = 'fact_order' AND column_name LIKE 'sk\_%'"
        )
    }
    assert may_be_unknown < keys
    for key in keys - may_be_unknown:
        assert real_warehouse.value(f"SELECT count(*) FROM fact_order WHERE {key} = '{UNKNOWN}'") == 0, key


def test_nothing_differs_from_the_staging_area(real_warehouse):
    assert real_warehouse.rows("SELECT measure, difference FROM mart_reconciliation ORDER BY measure") == [
        ("order_lines", 0),
        ("revenue", 0),
        ("total_due", 0),
    ]
