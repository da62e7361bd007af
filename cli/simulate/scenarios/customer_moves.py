"""A customer moves to another sales territory between two orders."""

from __future__ import annotations

from cli.simulate import orders
from cli.simulate.play import Play, Scenario
from cli.simulate.watch import built, table

CHOOSE = f"""
WITH next AS (SELECT {orders.NEXT_NUMBERS}),

sold AS ({orders.SOLD})

SELECT
    next.*, ARRAY[number, number + 1] AS orders, customer.customerid AS customer,
    old.territoryid AS old_territory, old.name::text AS old_name,
    new.territoryid AS new_territory, new.name::text AS new_name,
    (SELECT productid FROM sold ORDER BY md5(productid || ' ' || %(day)s) LIMIT 1) AS product
FROM next
JOIN sales.customer ON customer.customerid = {orders.WEB_CUSTOMER}
JOIN sales.salesterritory AS old ON old.territoryid = customer.territoryid
JOIN sales.salesterritory AS new ON new.territoryid <> customer.territoryid
ORDER BY md5(new.territoryid || ' ' || %(day)s) LIMIT 1
"""

CHANGE = orders.around_noon("""
UPDATE sales.customer
SET territoryid = %(new_territory)s, modifieddate = %(day)s::date + time '12:00'
WHERE customerid = %(customer)s;
""")


def play(play: Play) -> None:
    play.choose(CHOOSE, "The source has no second sales territory, or no person who could move to it.")
    play.watch(
        table("customer", "customerid", "territoryid, modifieddate", "customerid = %(customer)s"),
        orders.headers(),
        built(
            "dim_customer",
            "nk_customer, dbt_valid_from",
            "customer_name, nk_sales_territory, dbt_valid_to",
            "nk_customer = %(customer)s",
        ),
        built(
            "fact_order",
            "nk_sales_order, nk_sales_order_detail",
            "line_total, territory_name, customers.nk_sales_territory AS territory_of_customer",
            "nk_sales_order = ANY(%(orders)s)",
            "warehouse.fact_order JOIN warehouse.dim_sales_territory USING (sk_sales_territory)"
            " JOIN warehouse.dim_customer AS customers USING (sk_customer)",
        ),
        orders.daily(),
        built("mart_customer_value", "nk_customer", "orders, revenue, last_order_date", "nk_customer = %(customer)s"),
        orders.RECONCILIATION,
    )
    play.begin(
        "A customer moves at noon",
        "{day}: customer {customer} belongs to {old_name} and orders at 08:10. At noon they move to {new_name}. They"
        " order the same again at 16:20.",
    )
    play.change(CHANGE)
    play.run()
    play.end()


SCENARIO = Scenario(
    "customer-moves",
    "a customer moves to another territory between two orders",
    "dim_customer has two versions now, and each order points to the one of its moment. So the sales of {old_name} stay"
    " what they were, and {new_name} gets what was sold after the move. A report on where customers lived when they"
    " bought stays right for ever; mart_customer_value, which is about the customer, counts both orders.",
    "the tasks dim_customer_snapshot and fact_order_run of bikes_store_warehouse: versions come first, then the facts"
    " that point to them.",
    play,
)
