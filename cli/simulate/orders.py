"""Orders as the shop's application writes them: SQL for the header, its lines, its sums."""

from __future__ import annotations

from collections.abc import Mapping

from cli.simulate.watch import Watch, built, table

# What the web shop adds to the lines of an order, as the made-up source has it.
_TAX, _FREIGHT = "0.08", "0.025"


def order(number: str, line: str, at: str, customer: str, products: Mapping[str, int], online: bool = True) -> str:
    """SQL that places an order: products at their list prices of that moment.

    All arguments are SQL expressions, ``products`` those of product ids, with quantities.

    :param number: of the order.
    :param line: the number of its first line; the others follow.
    """
    header = f"""
INSERT INTO sales.salesorderheader (
    salesorderid, orderdate, duedate, status, onlineorderflag, accountnumber, customerid, salespersonid, territoryid,
    billtoaddressid, shiptoaddressid, shipmethodid, rowguid, modifieddate
)
SELECT
    {number}, {at}, {at} + interval '12 days', 1, {str(online).upper()}, '10-4030-0' || customerid, customerid,
    {"NULL" if online else "store.salespersonid"}, territoryid, 400 + customerid, 400 + customerid,
    (SELECT min(shipmethodid) FROM purchasing.shipmethod), md5('order ' || {number})::uuid, {at}
FROM sales.customer
LEFT JOIN sales.store ON store.businessentityid = customer.storeid
WHERE customerid = {customer};
"""
    lines = "".join(
        f"""
INSERT INTO sales.salesorderdetail (
    salesorderid, salesorderdetailid, orderqty, productid, specialofferid, unitprice, rowguid, modifieddate
)
SELECT
    {number}, {line} + {place}, {quantity}, productid,
    (SELECT min(specialofferid) FROM sales.specialofferproduct WHERE productid = {product}),
    listprice, md5('line ' || ({line} + {place}))::uuid, {at}
FROM production.product
WHERE productid = {product};
"""
        for place, (product, quantity) in enumerate(products.items())
    )
    return f"{header}{lines}{sums(number, at)}"


def sums(number: str, at: str) -> str:
    """SQL that makes the amounts of an order's header those of its lines."""
    return f"""
UPDATE sales.salesorderheader
SET subtotal = lines.subtotal, taxamt = round(lines.subtotal * {_TAX}, 4),
    freight = round(lines.subtotal * {_FREIGHT}, 4),
    totaldue = lines.subtotal + round(lines.subtotal * {_TAX}, 4) + round(lines.subtotal * {_FREIGHT}, 4),
    modifieddate = {at}
FROM (
    SELECT round(coalesce(sum(orderqty * unitprice * (1 - unitpricediscount)), 0), 4) AS subtotal
    FROM sales.salesorderdetail WHERE salesorderid = {number}
) AS lines
WHERE salesorderid = {number};
"""


def around_noon(change: str) -> str:
    """SQL of a day: the chosen customer orders the chosen product, something changes at noon, and the same again."""
    customer, product = "%(customer)s", {"%(product)s": 1}
    return (
        order("%(number)s", "%(line)s", "%(day)s::date + time '08:10'", customer, product)
        + change
        + order("%(number)s + 1", "%(line)s + 1", "%(day)s::date + time '16:20'", customer, product)
    )


#: What most scenarios choose: the numbers that the next order and its first line get.
NEXT_NUMBERS = """
    (SELECT coalesce(max(salesorderid), 0) + 1 FROM sales.salesorderheader) AS number,
    (SELECT coalesce(max(salesorderdetailid), 0) + 1 FROM sales.salesorderdetail) AS line
"""

#: A person who buys in the web shop, by chance: the same one for the same day.
WEB_CUSTOMER = """(
    SELECT customerid FROM sales.customer
    WHERE personid IS NOT NULL AND storeid IS NULL AND territoryid IS NOT NULL
    ORDER BY md5(customerid || ' ' || %(day)s) LIMIT 1
)"""

#: Products that are sold, each with the last order that has it; newest orders only.
SOLD = """
    SELECT product.productid, product.name::text AS name, product.listprice, max(line.salesorderid) AS last_order
    FROM (SELECT * FROM sales.salesorderdetail ORDER BY salesorderdetailid DESC LIMIT 5000) AS line
    JOIN production.product AS product USING (productid)
    WHERE product.listprice > 0 AND line.modifieddate < %(day)s
        AND EXISTS (SELECT FROM sales.specialofferproduct AS offer WHERE offer.productid = product.productid)
    GROUP BY product.productid
"""

#: Chooses the next order, a customer and a product, by chance of the day.
ONE_ORDER = f"""
WITH next AS (SELECT {NEXT_NUMBERS}),

sold AS ({SOLD})

SELECT
    next.*, ARRAY[number] AS orders, {WEB_CUSTOMER} AS customer,
    (SELECT productid FROM sold ORDER BY md5(productid || ' ' || %(day)s) LIMIT 1) AS product
FROM next
"""

#: Places what :data:`ONE_ORDER` has chosen.
PLACE_ORDER = order("%(number)s", "%(line)s", "%(day)s::date + time '10:30'", "%(customer)s", {"%(product)s": 1})

NO_ORDERS = "The source has no product that a person ordered, so there is nothing to play with."


def headers(numbers: str = "%(orders)s") -> tuple[Watch, Watch]:
    """The headers of orders, at both stations that have them.

    :param numbers: an SQL array of the orders.
    """
    return table(
        "salesorderheader", "salesorderid", "orderdate, customerid, status, totaldue", f"salesorderid = ANY({numbers})"
    )


def lines(numbers: str = "%(orders)s") -> tuple[Watch, Watch]:
    """The lines of orders."""
    return table(
        "salesorderdetail",
        "salesorderid, salesorderdetailid",
        "productid, orderqty, unitprice",
        f"salesorderid = ANY({numbers})",
    )


def fact(numbers: str = "%(orders)s", shows_same: bool = False) -> Watch:
    """The same lines in the fact table, each with the version of its product."""
    return built(
        "fact_order",
        "nk_sales_order, nk_sales_order_detail",
        "order_qty, line_total, total_due, list_price AS price_of_version",
        f"nk_sales_order = ANY({numbers})",
        "warehouse.fact_order JOIN warehouse.dim_product USING (sk_product)",
        shows_same,
    )


def daily(days: str = "ARRAY[%(day)s::date]") -> Watch:
    """Sales of days, by territory and channel."""
    return built(
        "mart_sales_daily",
        "order_date, territory_name, sales_channel",
        "orders, order_lines, revenue",
        f"order_date = ANY({days})",
    )


#: Whether the warehouse holds what was staged.
RECONCILIATION = built("mart_reconciliation", "measure", "staged, built, difference", "true", always=("difference",))
