"""An order arrives two days late, behind a change of its product's price, in incremental mode."""

from __future__ import annotations

from datetime import timedelta

from cli.database import query
from cli.errors import UserError
from cli.simulate import orders
from cli.simulate.orders import order
from cli.simulate.play import Play, Scenario
from cli.simulate.watch import built, table

MODE = "BIKES_STORE_STAGING_INCREMENTAL_MODE"

CHOOSE = f"""
WITH next AS (SELECT {orders.NEXT_NUMBERS})

SELECT
    next.*, sold.productid AS product, sold.name AS product_name, sold.listprice AS old_price,
    round(sold.listprice * 0.9, 2) AS new_price, ARRAY[number, number + 1] AS orders, number + 1 AS late_order,
    {orders.WEB_CUSTOMER} AS customer
FROM next CROSS JOIN ({orders.SOLD}) AS sold
ORDER BY md5(sold.productid || ' late ' || %(day)s) LIMIT 1
"""

CHANGE = (
    """
UPDATE production.product
SET listprice = %(new_price)s, modifieddate = %(day)s::date + time '09:00'
WHERE productid = %(product)s;
"""
    + order("%(number)s", "%(line)s", "%(day)s::date + time '10:30'", "%(customer)s", {"%(product)s": 1})
    # The order of two days before, at the price of then; its stamps are of then too.
    + order("%(number)s + 1", "%(line)s + 1", "%(late_day)s::date + time '14:00'", "%(customer)s", {"%(product)s": 1})
    + """
UPDATE sales.salesorderdetail SET unitprice = %(old_price)s WHERE salesorderid = %(number)s + 1;
"""
    + orders.sums("%(number)s + 1", "%(late_day)s::date + time '14:00'")
)


def play(play: Play) -> None:
    late_day = play.day
    play.day = late_day + timedelta(days=2)
    if play.day > play.last_day:
        raise UserError(f"late-data needs two days after {late_day}, and {play.day} is not over yet: wait until it is.")
    play.chosen |= {"day": play.day, "late_day": late_day}
    play.choose(CHOOSE, orders.NO_ORDERS)
    play.watch(
        table("product", "productid", "listprice, modifieddate", "productid = %(product)s"),
        orders.headers(),
        built("dim_product", "nk_product, dbt_valid_from", "list_price, dbt_valid_to", "nk_product = %(product)s"),
        built(
            "fact_order",
            "nk_sales_order, nk_sales_order_detail",
            "line_total, list_price AS price_of_version, dbt_valid_from AS version_from",
            "nk_sales_order = ANY(%(orders)s)",
            "warehouse.fact_order JOIN warehouse.dim_product USING (sk_product)",
        ),
        orders.daily("ARRAY[%(day)s::date, %(late_day)s::date]"),
        orders.RECONCILIATION,
    )
    with play.with_variable(MODE, "True", f"the variable {MODE} is as it was."):
        play.begin(
            "An order arrives late",
            "{day}: {product_name} costs {new_price} from 09:00 on, no longer {old_price}, and order {number} is placed"
            " after that. Order {late_order} was taken on paper on {late_day} at 14:00, at the old price. Somebody"
            " enters it only now, with the date of then. The scenario turns incremental mode on: a run takes what"
            " changed in its own day, and six hours before.",
        )
        play.change(CHANGE)
        outcome = play.run()
        play.end(f"The load compared all rows all the same, and says of staging: {_differences(play, outcome.run_id)}")
        play.begin(
            "The late day is run again",
            "`make run-pipeline DATE={late_day}` takes the window of that day.",
            late_day,
        )
        play.run(late_day)
        play.end()


def _differences(play: Play, run_id: str) -> str:
    """What the loads of a run say of how staging differs from the source."""
    rows = query(
        play.stack.warehouse_dsn,
        "SELECT DISTINCT ON (table_name) table_name, difference, differing FROM bikes_store_staging.load_log"
        f" WHERE run_id = '{run_id}' ORDER BY table_name, load_id DESC",
    )
    return "; ".join(f"{name}: {difference}" for name, difference, differing in rows if differing) or "no difference."


SCENARIO = Scenario(
    "late-data",
    "in incremental mode, an order arrives two days late, after its product's price changed",
    "An incremental run takes a window of change times, and a row that is stamped earlier is not in it: staging lacked"
    " the order, and the reconciliation of staging with its own facts could not see that. What saw it is the comparison"
    " of each load with the whole source, by hashes. The day that is run again brings the order, and history holds: its"
    " line points to the version of {late_day}, with the old price, although the new one was built before.",
    "the log of load.db.salesorderheader in the run of {day}: a warning names the missing row, and the alert “Staging"
    " differs” fires on it. Full mode, which takes all rows, would have found the order by itself.",
    play,
)
