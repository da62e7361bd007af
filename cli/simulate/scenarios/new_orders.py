"""Three orders come in: from a customer, from somebody new, from a shop."""

from __future__ import annotations

from cli.simulate import orders
from cli.simulate.orders import order
from cli.simulate.play import Play, Scenario
from cli.simulate.watch import built, table

CHOOSE = f"""
WITH next AS (
    SELECT {orders.NEXT_NUMBERS},
        (SELECT max(customerid) + 1 FROM sales.customer) AS new_customer,
        -- people and shops are numbered together
        (
            SELECT max(id) + 1 FROM (
                SELECT businessentityid AS id FROM person.person
                UNION ALL
                SELECT businessentityid FROM sales.store
            ) AS used
        ) AS new_person
),

sold AS (
    SELECT array_agg(productid ORDER BY md5(productid || ' ' || %(day)s)) AS products FROM ({orders.SOLD}) AS sold
)

SELECT
    next.*, ARRAY[number, number + 1, number + 2] AS orders, products[1] AS product, products[2] AS other,
    {orders.WEB_CUSTOMER} AS customer,
    (
        SELECT customerid FROM sales.customer JOIN sales.store ON storeid = store.businessentityid
        WHERE personid IS NOT NULL AND territoryid IS NOT NULL AND salespersonid IS NOT NULL
        ORDER BY md5(customerid || ' ' || %(day)s) LIMIT 1
    ) AS shop,
    (SELECT min(territoryid) FROM sales.salesterritory) AS territory
FROM next CROSS JOIN sold
"""

CHANGE = (
    order(
        "%(number)s",
        "%(line)s",
        "%(day)s::date + time '08:10'",
        "%(customer)s",
        {"%(product)s": 1, "%(other)s": 1},
    )
    + """
INSERT INTO person.person (businessentityid, persontype, firstname, lastname, emailpromotion, rowguid, modifieddate)
SELECT
    %(new_person)s, 'IN',
    (SELECT firstname FROM person.person ORDER BY md5(businessentityid || ' first ' || %(day)s) LIMIT 1),
    (SELECT lastname FROM person.person ORDER BY md5(businessentityid || ' last ' || %(day)s) LIMIT 1),
    0, md5('person ' || %(new_person)s)::uuid, %(day)s::date + time '11:25';

INSERT INTO sales.customer (customerid, personid, territoryid, rowguid, modifieddate)
VALUES (
    %(new_customer)s, %(new_person)s, %(territory)s, md5('customer ' || %(new_customer)s)::uuid,
    %(day)s::date + time '11:25'
);
"""
    + order("%(number)s + 1", "%(line)s + 2", "%(day)s::date + time '11:30'", "%(new_customer)s", {"%(product)s": 1})
    + order(
        "%(number)s + 2",
        "%(line)s + 3",
        "%(day)s::date + time '15:45'",
        "%(shop)s",
        {"%(product)s": 4, "%(other)s": 2},
        online=False,
    )
)


def play(play: Play) -> None:
    play.choose(CHOOSE, orders.NO_ORDERS)
    play.watch(
        table("customer", "customerid", "personid, territoryid, modifieddate", "customerid = %(new_customer)s"),
        orders.headers(),
        orders.lines(),
        built(
            "dim_customer",
            "nk_customer, dbt_valid_from",
            "customer_name, customer_type, dbt_valid_to",
            "nk_customer = ANY(ARRAY[%(customer)s, %(new_customer)s])",
        ),
        orders.fact(),
        orders.daily(),
        built(
            "mart_customer_value",
            "nk_customer",
            "orders, revenue, last_order_date",
            "nk_customer = ANY(ARRAY[%(customer)s, %(new_customer)s, %(shop)s])",
        ),
        orders.RECONCILIATION,
    )
    play.begin(
        "Orders come in",
        "{day}: customer {customer} orders two products in the web shop. Somebody new registers as customer"
        " {new_customer} and orders one. A shop, customer {shop}, orders six pieces.",
    )
    play.change(CHANGE)
    play.run()
    play.end()


SCENARIO = Scenario(
    "new-orders",
    "three orders come in: from a customer, from somebody new, from a shop",
    "An order is a header and its lines in the source; fact_order has one row a line, with the header's tax and freight"
    " shared out to the lines. The new customer's first version begins in 1900, before every order: nobody knows when a"
    " customer began to be. The marts are sums of the facts, and mart_reconciliation compares rows and money with"
    " staging: its difference is 0.",
    "the run of {day} in bikes_store_staging: the log of load.db.salesorderheader says how many rows it wrote. All"
    " other rows were compared and not touched.",
    play,
)
