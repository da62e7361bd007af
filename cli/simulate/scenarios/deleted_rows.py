"""An order is deleted in the source; then a whole table is, by accident."""

from __future__ import annotations

from cli.simulate import orders
from cli.simulate.play import Play, Scenario
from cli.simulate.undo import Undo
from cli.simulate.watch import Watch, built

CHOOSE = """
SELECT
    header.salesorderid AS number, header.customerid AS customer, header.totaldue AS total,
    ARRAY[header.salesorderid] AS orders, header.orderdate::date AS ordered_on,
    (SELECT count(*) FROM sales.salespersonquotahistory) AS quotas
FROM (
    SELECT * FROM sales.salesorderheader
    WHERE orderdate < %(day)s AND salesorderid < (SELECT max(salesorderid) FROM sales.salesorderheader)
    ORDER BY salesorderid DESC LIMIT 2000
) AS header
JOIN sales.salesorderdetail AS line USING (salesorderid)
GROUP BY 1, 2, 3, 4, 5 HAVING count(*) > 1
ORDER BY md5(header.salesorderid || ' ' || %(day)s) LIMIT 1
"""

# Lines and reasons go with their header: the source's foreign keys say so.
DELETE = "DELETE FROM sales.salesorderheader WHERE salesorderid = %(number)s;"

ACCIDENT = """
CREATE TABLE public.simulate_kept AS SELECT * FROM sales.salespersonquotahistory;
DELETE FROM sales.salespersonquotahistory;
"""

MEND = """
DO $$
BEGIN
    IF to_regclass('public.simulate_kept') IS NOT NULL THEN
        INSERT INTO sales.salespersonquotahistory SELECT * FROM public.simulate_kept ON CONFLICT DO NOTHING;
        DROP TABLE public.simulate_kept;
    END IF;
END
$$
"""

#: The quotas at each station, with their amount.
QUOTAS = (
    ("source", "sales.salespersonquotahistory", "salesquota"),
    ("staging", "bikes_store_staging.salespersonquotahistory", "salesquota"),
    ("fact", "warehouse.fact_sales_quota_history", "sales_quota"),
)


def play(play: Play) -> None:
    play.choose(CHOOSE, "The source has no order with two lines that could be deleted.")
    play.watch(
        orders.headers(),
        orders.lines(),
        [
            Watch(
                station,
                name.removeprefix("warehouse."),
                1,
                f"SELECT 'all' AS quotas, count(*) AS rows, sum({amount}) AS sum FROM {name}",
                shows_same=True,
            )
            for station, name, amount in QUOTAS
        ],
        orders.fact(),
        orders.daily("ARRAY[%(ordered_on)s::date]"),
        built("mart_customer_value", "nk_customer", "orders, revenue", "nk_customer = %(customer)s"),
        orders.RECONCILIATION,
    )
    play.begin(
        "An order is deleted",
        "{day}: order {number} of {ordered_on} over {total} was entered twice, and a clerk deletes one of the two, with"
        " its lines. No row says so: there is nothing with a new change time.",
    )
    play.change(DELETE)
    play.run()
    play.end()
    undo = Undo("the source has its quotas again.", sql=MEND)
    with play.undone_after(undo):
        play.begin(
            "A table loses its rows by accident",
            "A script deletes all {quotas} quotas of the sales people, in place of one.",
        )
        play.change(ACCIDENT)
        play.run_that_fails()
        play.end("The load was rolled back, and the warehouse was not built.")
    play.begin("The quotas are put back", "Somebody restores the rows in the source, and the day is run again.")
    play.run()
    play.end()


SCENARIO = Scenario(
    "deleted-rows",
    "an order is deleted, and is gone everywhere; a whole table is, and the load refuses",
    "A deletion leaves no row behind that a window could find. So a full load deletes from staging what the source no"
    " longer has, and an incremental one lists the source's keys to do the same. Facts and marts follow, and the totals"
    " of source and warehouse stay equal. What looks like an accident is refused: more than 100 rows and 10 % of a"
    " table, or its last row.",
    "the task load.db.salespersonquotahistory of the run of {day}: the sentence of the try that failed names the"
    " variable that would let the deletion pass, for this run and this table alone.",
    play,
)
