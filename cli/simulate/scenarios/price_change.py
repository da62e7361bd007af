"""The price of a product rises in the middle of a day."""

from __future__ import annotations

from cli.simulate import orders
from cli.simulate.play import Play, Scenario
from cli.simulate.watch import built, table

CHOOSE = f"""
WITH next AS (SELECT {orders.NEXT_NUMBERS})

SELECT
    next.*, sold.productid AS product, sold.name AS product_name, sold.listprice AS old_price,
    round(sold.listprice * 1.1, 2) AS new_price, sold.last_order AS old_order,
    ARRAY[sold.last_order, number, number + 1] AS orders, {orders.WEB_CUSTOMER} AS customer,
    extract(year FROM %(day)s::date)::integer AS year
FROM next CROSS JOIN ({orders.SOLD}) AS sold
ORDER BY md5(sold.productid || ' ' || %(day)s) LIMIT 1
"""

CHANGE = orders.around_noon("""
UPDATE production.product
SET listprice = %(new_price)s, modifieddate = %(day)s::date + time '12:00'
WHERE productid = %(product)s;
""")


def play(play: Play) -> None:
    play.choose(CHOOSE, orders.NO_ORDERS)
    play.watch(
        table("product", "productid", "name, listprice, modifieddate", "productid = %(product)s"),
        table(
            "salesorderdetail",
            "salesorderid, salesorderdetailid",
            "productid, orderqty, unitprice",
            "salesorderid = ANY(%(orders)s) AND productid = %(product)s",
        ),
        built(
            "dim_product",
            "nk_product, dbt_valid_from",
            "list_price, dbt_valid_to",
            "nk_product = %(product)s",
        ),
        built(
            "fact_order",
            "nk_sales_order, nk_sales_order_detail",
            "line_total, list_price AS price_of_version, dbt_valid_from AS version_from",
            "nk_sales_order = ANY(%(orders)s) AND nk_product = %(product)s",
            "warehouse.fact_order JOIN warehouse.dim_product USING (sk_product)",
            shows_same=True,
        ),
        built(
            "mart_sales_product",
            "order_year, nk_product",
            "orders, units, revenue, margin",
            "nk_product = %(product)s AND order_year = %(year)s",
        ),
        orders.RECONCILIATION,
    )
    play.begin(
        "The price changes at noon",
        "{day}: {product_name} (product {product}) costs {old_price} in the morning, and customer {customer} orders one"
        " at 08:10. At noon the price becomes {new_price}. The same customer orders another at 16:20.",
    )
    play.change(CHANGE)
    play.run()
    play.end()


SCENARIO = Scenario(
    "price-change",
    "the price of a product rises at noon; an order before and one after",
    "The source forgets the old price. dim_product keeps it: the version that was valid ends at noon, and a new one"
    " begins there. Each order line points to the version of its own moment. Order {old_order}, which is older, is not"
    " touched; of the two new ones, the first has the old price and the second the new one.",
    "the task dim_product_snapshot of bikes_store_warehouse: its log says INSERT 0 1, one new version.",
    play,
)
