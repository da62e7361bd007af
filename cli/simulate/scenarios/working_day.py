"""A plausible working day, or several: orders, new customers, a price, parcels that leave, a line that comes back.

What happens is drawn by chance from a seed and the day. So the same source lives the same days.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, time, timedelta
from decimal import Decimal
from random import Random
from typing import Any

from cli.database import query
from cli.errors import UserError
from cli.simulate import orders
from cli.simulate.orders import order
from cli.simulate.play import Play, Scenario, Table
from cli.simulate.stack import one_row
from cli.simulate.watch import built, table, text

# Minutes of the day.
_OPENS, _NOON, _PARCELS_LEAVE, _PARCELS_COME, _CLOSES = 8 * 60, 12 * 60, 17 * 60, 18 * 60, 20 * 60
# How many products are ordered on a day, at most.
_ASSORTMENT = 40
_SEED = "%(seed)s || ' ' || %(day)s"

# What a day can be made of, in an order by chance.
POOLS = f"""
WITH sold AS ({orders.SOLD}),

-- web orders of the last time with more than one line, before the day
parted AS (
    SELECT salesorderid, orderdate::date AS ordered_on, max(salesorderdetailid) AS line
    FROM (
        SELECT * FROM sales.salesorderheader
        WHERE onlineorderflag AND orderdate < %(day)s ORDER BY salesorderid DESC LIMIT 300
    ) AS newest
    JOIN sales.salesorderdetail USING (salesorderid)
    GROUP BY 1, 2 HAVING count(*) > 1
    ORDER BY md5(salesorderid || {_SEED}) LIMIT 1
)

SELECT
    {orders.NEXT_NUMBERS},
    (SELECT max(customerid) + 1 FROM sales.customer) AS customer,
    (
        SELECT max(id) + 1 FROM (
            SELECT businessentityid AS id FROM person.person
            UNION ALL
            SELECT businessentityid FROM sales.store
        ) AS used
    ) AS person,
    (
        SELECT array_agg(customerid ORDER BY md5(customerid || {_SEED})) FROM sales.customer
        WHERE personid IS NOT NULL AND storeid IS NULL AND territoryid IS NOT NULL
    ) AS people,
    coalesce((
        SELECT array_agg(customerid ORDER BY md5(customerid || {_SEED}))
        FROM sales.customer JOIN sales.store ON storeid = store.businessentityid
        WHERE personid IS NOT NULL AND territoryid IS NOT NULL AND salespersonid IS NOT NULL
    ), '{{}}') AS shops,
    (SELECT array_agg(territoryid ORDER BY territoryid) FROM sales.salesterritory) AS territories,
    (SELECT array_agg(productid ORDER BY md5(productid || {_SEED})) FROM sold) AS products,
    coalesce((
        SELECT array_agg(salesorderid ORDER BY salesorderid) FROM sales.salesorderheader
        WHERE status < 5 AND orderdate < %(day)s
    ), '{{}}') AS unshipped,
    coalesce((SELECT salesorderid FROM parted), 0) AS returned_order,
    coalesce((SELECT line FROM parted), 0) AS returned_line,
    coalesce((SELECT ordered_on FROM parted), %(day)s) AS returned_of
"""


@dataclass
class Plan:
    """What happens on a day: SQL by the minute, and what it concerns."""

    day: date
    events: list[tuple[int, str]] = field(default_factory=list)
    orders: list[int] = field(default_factory=list)
    lines: int = 0
    customers: list[int] = field(default_factory=list)
    shipped: list[int] = field(default_factory=list)
    returned: tuple[int, int] | None = None
    returned_of: date | None = None
    product: int = 0

    @property
    def sql(self) -> str:
        """All of it, in the order of the clock: an order has the prices of its moment."""
        return "".join(sql for _, sql in sorted(self.events, key=lambda event: event[0]))

    @property
    def concerned(self) -> dict[str, Any]:
        """The numbers that the day is about, for queries."""
        returned = [self.returned[0]] if self.returned else []
        return {
            "orders": [*self.orders, *self.shipped, *returned],
            "with_lines": [*self.orders, *returned],
            "customers": self.customers,
            "product": self.product,
            "days": [self.day, *([self.returned_of] if self.returned_of else [])],
        }


def make_plan(day: date, seed: str, pools: dict[str, Any]) -> Plan:
    """What happens on a day. The same seed, day and pools give the same plan."""
    chance, plan = Random(f"{seed} {day}"), Plan(day)  # noqa: S311 - no secret depends on it
    is_weekend = day.isoweekday() > 5
    plan.product = chance.choice(pools["products"][:_ASSORTMENT])
    rise = Decimal(chance.choice([-5, -3, 3, 5, 8])) / 100
    plan.events.append((_NOON, _price(plan.product, rise, _at(day, _NOON))))
    people = list(pools["people"][:200])
    for number in range(chance.randrange(1, 3 if is_weekend else 4)):
        minute, customer = _minute(chance), pools["customer"] + number
        territory = chance.choice(pools["territories"])
        plan.customers.append(customer)
        plan.events.append((minute, _register(pools["person"] + number, customer, territory, _at(day, minute))))
        _order(plan, pools, chance, minute + 5, customer)
    for _ in range(chance.randrange(4, 8) if is_weekend else chance.randrange(7, 13)):
        _order(plan, pools, chance, _minute(chance), chance.choice(people))
    if pools["shops"] and not is_weekend:
        _order(plan, pools, chance, _minute(chance), chance.choice(pools["shops"][:50]), online=False)

    if pools["unshipped"]:
        plan.shipped = list(pools["unshipped"])
        plan.events.append((_PARCELS_LEAVE, _ship(plan.shipped, _at(day, _PARCELS_LEAVE))))
    if pools["returned_order"]:
        plan.returned = (pools["returned_order"], pools["returned_line"])
        plan.returned_of = pools["returned_of"]
        plan.events.append((_PARCELS_COME, _return(*plan.returned, _at(day, _PARCELS_COME))))
    return plan


def _order(plan: Plan, pools: dict[str, Any], chance: Random, minute: int, customer: int, online: bool = True) -> None:
    products = pools["products"][:_ASSORTMENT]
    wanted = chance.sample(products, min(len(products), chance.choice([1, 1, 2, 2, 3] if online else [2, 3, 4])))
    number = pools["number"] + len(plan.orders)
    quantities = {str(product): 1 if online else chance.randrange(2, 9) for product in wanted}
    sql = order(str(number), str(pools["line"] + plan.lines), _at(plan.day, minute), str(customer), quantities, online)
    plan.events.append((minute, sql))
    plan.orders.append(number)
    plan.lines += len(wanted)


def _minute(chance: Random) -> int:
    return chance.randrange(_OPENS, _CLOSES)


def _at(day: date, minute: int) -> str:
    return f"timestamp '{day} {time(minute // 60, minute % 60)}'"


def _price(product: int, rise: Decimal, at: str) -> str:
    return f"""
UPDATE production.product SET listprice = round(listprice * {1 + rise}, 2), modifieddate = {at}
WHERE productid = {product};
"""


def _register(person: int, customer: int, territory: int, at: str) -> str:
    return f"""
INSERT INTO person.person (businessentityid, persontype, firstname, lastname, emailpromotion, rowguid, modifieddate)
SELECT
    {person}, 'IN',
    (SELECT firstname FROM person.person ORDER BY md5(businessentityid || ' first {person}') LIMIT 1),
    (SELECT lastname FROM person.person ORDER BY md5(businessentityid || ' last {person}') LIMIT 1),
    0, md5('person {person}')::uuid, {at};
INSERT INTO sales.customer (customerid, personid, territoryid, rowguid, modifieddate)
VALUES ({customer}, {person}, {territory}, md5('customer {customer}')::uuid, {at});
"""


def _ship(numbers: list[int], at: str) -> str:
    listed = ", ".join(map(str, numbers))
    return f"""
UPDATE sales.salesorderheader SET status = 5, shipdate = {at}, modifieddate = {at}
WHERE salesorderid IN ({listed});
"""


def _return(number: int, line: int, at: str) -> str:
    return f"""
DELETE FROM sales.salesorderdetail WHERE salesorderid = {number} AND salesorderdetailid = {line};
{orders.sums(str(number), at)}"""


def play(play: Play) -> None:
    days, seed = int(play.settings.get("days", 1)), str(play.settings.get("seed", "1"))
    first = play.day
    if (left := (play.last_day - first).days + 1) < days:
        raise UserError(
            f"DAYS={days} goes beyond {play.last_day}, the last day that is over: from {first} on there are {left}."
        )
    rows: list[tuple[str, ...]] = []
    is_right = True
    for day in (first + timedelta(days=number) for number in range(days)):
        plan = _choose(play, day, seed)
        play.begin(f"{day:%A}, {day}", _in_words(plan))
        play.change(plan.sql)
        play.run()
        row, agrees = _figures(play, plan)
        rows.append(row)
        is_right &= agrees
        play.end(table=Table(COLUMNS, [row], agrees), is_folded=days > 1)
    if days > 1:
        play.watch()
        play.begin(f"{days} days", f"From {first} to {play.day}.")
        play.end(table=Table(COLUMNS, rows, is_right))


def _choose(play: Play, day: date, seed: str) -> Plan:
    play.day = day
    pools = one_row(play.stack.source_dsn, POOLS, {"day": day, "seed": seed})
    if not pools or not pools["people"] or not pools["products"] or not pools["territories"]:
        raise UserError(orders.NO_ORDERS)
    plan = make_plan(day, seed, pools)
    play.chosen = {"day": day, **plan.concerned}
    play.watch(
        table("product", "productid", "name, listprice, modifieddate", "productid = %(product)s"),
        table("customer", "customerid", "personid, territoryid", "customerid = ANY(%(customers)s::int[])"),
        orders.headers("%(orders)s::int[]"),
        orders.lines("%(with_lines)s::int[]"),
        built("dim_product", "nk_product, dbt_valid_from", "list_price, dbt_valid_to", "nk_product = %(product)s"),
        built(
            "dim_customer", "nk_customer, dbt_valid_from", "customer_name", "nk_customer = ANY(%(customers)s::int[])"
        ),
        orders.fact("%(with_lines)s::int[]"),
        orders.daily("%(days)s::date[]"),
        orders.RECONCILIATION,
    )
    return plan


def _in_words(plan: Plan) -> str:
    parts = [
        f"{len(plan.orders)} orders with {plan.lines} lines, {len(plan.customers)} of them from new customers",
        f"a new price for product {plan.product} at noon",
    ]
    if plan.shipped:
        parts.append(f"{len(plan.shipped)} parcels leave")
    if plan.returned:
        parts.append(f"line {plan.returned[1]} of order {plan.returned[0]} comes back")
    return "; ".join(parts) + "."


#: A line of the summary.
COLUMNS = (
    "day",
    "orders",
    "new customers",
    "shipped",
    "returned",
    "revenue in source",
    "revenue in mart",
    "difference",
)


def _figures(play: Play, plan: Plan) -> tuple[tuple[str, ...], bool]:
    """The day's line of the summary, and whether the warehouse has what the source has."""
    ((sold,),) = query(
        play.stack.source_dsn,
        "SELECT coalesce(sum(orderqty * unitprice * (1 - unitpricediscount)), 0) FROM sales.salesorderheader"
        f" JOIN sales.salesorderdetail USING (salesorderid) WHERE orderdate::date = '{plan.day}'",
    )
    ((built_revenue, difference),) = query(
        play.stack.warehouse_dsn,
        "SELECT (SELECT coalesce(sum(revenue), 0) FROM warehouse.mart_sales_daily"
        f" WHERE order_date = '{plan.day}'), (SELECT max(difference) FROM warehouse.mart_reconciliation)",
    )
    counts = (len(plan.orders), len(plan.customers), len(plan.shipped), 1 if plan.returned else 0)
    row = (str(plan.day), *map(str, counts), text(sold), text(built_revenue), text(difference))
    return row, sold == built_revenue and difference == 0


SCENARIO = Scenario(
    "day",
    "a plausible working day; DAYS=30 is a month",
    "A day touches few rows: what did not change is compared and left alone, and what it feeds is not built again. Days"
    " follow each other without a gap, and at the end of each the revenue of the day is the same in the source and in"
    " the mart, to the last digit.",
    "the grid of bikes_store_staging: a column for each day. On the dashboard Sales, the days are at the right end.",
    play,
)
