"""An import writes the same order line twice, after somebody has dropped the primary key."""

from __future__ import annotations

from cli.simulate import orders
from cli.simulate.play import Play, Scenario
from cli.simulate.undo import Undo
from cli.simulate.watch import Watch

KEY = '"PK_SalesOrderDetail_SalesOrderID_SalesOrderDetailID"'

CHOOSE = """
SELECT
    salesorderid AS number, salesorderdetailid AS line, ARRAY[salesorderid] AS orders,
    orderqty * unitprice * (1 - unitpricediscount) AS amount
FROM (SELECT * FROM sales.salesorderdetail ORDER BY salesorderdetailid DESC LIMIT 5000) AS newest
WHERE modifieddate < %(day)s
    AND EXISTS (
        SELECT FROM pg_constraint
        WHERE conrelid = 'sales.salesorderdetail'::regclass AND contype = 'p'
            AND conname = 'PK_SalesOrderDetail_SalesOrderID_SalesOrderDetailID'
    )
ORDER BY md5(salesorderdetailid || ' ' || %(day)s) LIMIT 1
"""

CHANGE = f"""
ALTER TABLE sales.salesorderdetail DROP CONSTRAINT {KEY};
UPDATE sales.salesorderdetail
SET modifieddate = %(day)s::date + time '13:00'
WHERE salesorderid = %(number)s AND salesorderdetailid = %(line)s;
INSERT INTO sales.salesorderdetail
SELECT * FROM sales.salesorderdetail
WHERE salesorderid = %(number)s AND salesorderdetailid = %(line)s;
"""

# Of the copies, one stays.
MEND = f"""
DO $$
BEGIN
    IF NOT EXISTS (
        SELECT FROM pg_constraint WHERE conrelid = 'sales.salesorderdetail'::regclass AND contype = 'p'
    ) THEN
        DELETE FROM sales.salesorderdetail AS one USING sales.salesorderdetail AS other
        WHERE one.salesorderid = other.salesorderid AND one.salesorderdetailid = other.salesorderdetailid
            AND one.ctid > other.ctid;
        ALTER TABLE sales.salesorderdetail
        ADD CONSTRAINT {KEY} PRIMARY KEY (salesorderid, salesorderdetailid);
    END IF;
END
$$
"""


def play(play: Play) -> None:
    play.choose(CHOOSE, "The source has no order line, or salesorderdetail has no primary key of the usual name.")
    lines = (
        "SELECT salesorderid, salesorderdetailid, count(*) AS rows, sum(orderqty * unitprice) AS amount,"
        " max(modifieddate) AS modifieddate FROM {} WHERE salesorderid = %(number)s GROUP BY 1, 2"
    )
    play.watch(
        [
            Watch(station, name, 2, lines.format(name))
            for station, name in (
                ("source", "sales.salesorderdetail"),
                ("staging", "bikes_store_staging.salesorderdetail"),
            )
        ],
        orders.fact(),
        orders.RECONCILIATION,
    )
    with play.undone_after(Undo("the source has the line once, and its primary key.", sql=MEND)):
        play.begin(
            "The same line twice",
            "{day}: somebody drops the primary key of the order lines to make an import faster. The import then writes"
            " line {line} of order {number} a second time. Its {amount} would count twice.",
        )
        play.change(CHANGE)
        play.run_that_fails()
        play.end("The load is one transaction: of the order lines, nothing was written. The warehouse was not built.")
    play.begin("The copy is removed", "The copy goes, the primary key comes back, and the day is run again.")
    play.run()
    play.end()


SCENARIO = Scenario(
    "broken-row",
    "an import writes an order line twice: the load refuses, nothing written, then green",
    "A key tells one row from another. Of two rows with one key, a load that writes row by row would keep whichever"
    " comes last, and nobody would know. This one refuses the whole object and names the key. A refusal is not tried"
    " again: the same rows would come.",
    "the task load.db.salesorderdetail of the run of {day}: one try, and its sentence at the end of the log. The tasks"
    " after it are upstream_failed.",
    play,
)
