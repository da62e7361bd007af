"""A column of the source gets another name, while an order comes in."""

from __future__ import annotations

from cli.simulate import orders
from cli.simulate.play import Play, Scenario
from cli.simulate.undo import Undo
from cli.simulate.watch import Watch, built, table

CHANGE = f"""{orders.PLACE_ORDER}
ALTER TABLE production.product RENAME COLUMN listprice TO price;
"""

MEND = """
DO $$
BEGIN
    IF EXISTS (
        SELECT FROM pg_attribute
        WHERE attrelid = 'production.product'::regclass AND attname = 'price' AND NOT attisdropped
    ) THEN
        ALTER TABLE production.product RENAME COLUMN price TO listprice;
    END IF;
END
$$
"""


def play(play: Play) -> None:
    play.choose(orders.ONE_ORDER, orders.NO_ORDERS)
    play.watch(
        Watch(
            "source",
            "columns of production.product",
            1,
            "SELECT attnum AS column, attname::text AS name FROM pg_attribute"
            " WHERE attrelid = 'production.product'::regclass AND attname IN ('listprice', 'price')",
        ),
        orders.headers(),
        table("product", "productid", "name, modifieddate", "productid = %(product)s"),
        built("dim_product", "nk_product, dbt_valid_from", "list_price, dbt_valid_to", "nk_product = %(product)s"),
        orders.fact(),
        orders.daily(),
        orders.RECONCILIATION,
    )
    with play.undone_after(Undo("the column is called listprice again.", sql=MEND)):
        play.begin(
            "A column gets another name",
            "{day}: order {number} comes in. In the evening a release of the shop renames production.product.listprice"
            " to price, and tells nobody.",
        )
        play.change(CHANGE)
        play.run_that_fails()
        play.end("Every load waits for all extracts: none has begun, so nothing was written.")
    play.begin("The release is taken back", "The column has its old name, and the day is run again.")
    play.run()
    play.end()


SCENARIO = Scenario(
    "schema-drift",
    "a column of the source is renamed: the extract refuses, nothing written, then green",
    "The catalogue names the columns that the source promises, one by one. One that is missing is a broken promise: the"
    " extract says so before a row has moved, rather than filling the warehouse with empty prices. A column that is new"
    " stays behind with a warning until somebody adds it (CONTRIBUTING.md says where).",
    "the task extract.db.production.product of the run of {day}: one try. The other extracts are green, and all loads"
    " upstream_failed.",
    play,
)
