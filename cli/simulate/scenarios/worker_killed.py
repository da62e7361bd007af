"""The process of a task is killed in the middle of a load."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import closing

import psycopg2

from cli.database import query
from cli.errors import UserError
from cli.simulate import orders
from cli.simulate.orders import order
from cli.simulate.play import Play, Scenario

TASK = "load.db.salesorderdetail"
_SECONDS_TO_ROLL_BACK = 30

CHOOSE = f"""
WITH next AS (SELECT {orders.NEXT_NUMBERS}),

sold AS ({orders.SOLD})

SELECT
    next.*, ARRAY[held.salesorderid, number] AS orders, held.salesorderid AS old_order,
    held.salesorderdetailid AS old_line, held.orderqty AS old_quantity, {orders.WEB_CUSTOMER} AS customer,
    (SELECT productid FROM sold ORDER BY md5(productid || ' ' || %(day)s) LIMIT 1) AS product
FROM next
CROSS JOIN (
    SELECT line.* FROM sales.salesorderdetail AS line JOIN sales.salesorderheader USING (salesorderid)
    WHERE onlineorderflag AND orderdate < %(day)s ORDER BY salesorderdetailid DESC LIMIT 500
) AS held
ORDER BY md5(held.salesorderdetailid || ' ' || %(day)s) LIMIT 1
"""

CHANGE = (
    order("%(number)s", "%(line)s", "%(day)s::date + time '10:30'", "%(customer)s", {"%(product)s": 1})
    + """
UPDATE sales.salesorderdetail
SET orderqty = orderqty + 1, modifieddate = %(day)s::date + time '11:00'
WHERE salesorderid = %(old_order)s AND salesorderdetailid = %(old_line)s;
"""
    + orders.sums("%(old_order)s", "%(day)s::date + time '11:00'")
)

HOLD = """
SELECT FROM bikes_store_staging.salesorderdetail
WHERE salesorderid = %(old_order)s AND salesorderdetailid = %(old_line)s
FOR UPDATE
"""


def play(play: Play) -> None:
    play.choose(CHOOSE, orders.NO_ORDERS)
    play.watch(orders.headers(), orders.lines(), orders.fact(), orders.daily(), orders.RECONCILIATION)
    play.begin(
        "The process of a task is killed",
        "{day}: order {number} comes in, and in order {old_order} a quantity becomes one more than {old_quantity}. The"
        " load of the order lines is held up in the middle, at the row that changes: the scenario holds a lock on it."
        " Then the task's process on the worker gets a SIGKILL, as from a machine without memory.",
    )
    play.change(CHANGE)
    with closing(psycopg2.connect(play.stack.warehouse_dsn)) as holder:
        with holder.cursor() as cursor:
            cursor.execute(HOLD, play.chosen)
        killer = _Killer(play, holder)
        outcome = play.run(watch=killer.look)
    if not killer.has_killed:
        raise UserError(f"{TASK} never came to the row that was to change, so nothing was killed.")
    play.end(f"The run is a success after {outcome.seconds:.0f} s in all, and nobody had to do anything.")


class _Killer:
    """Kills the task when it waits for the lock, lets the lock go, and shows what the killed load has left."""

    def __init__(self, play: Play, holder: psycopg2.extensions.connection) -> None:
        self._play, self._holder = play, holder
        self.has_killed = False

    def look(self) -> None:
        """Called now and then while the run goes on."""
        if self.has_killed:
            return
        mine = self._holder.info.backend_pid
        waiting = query(
            self._play.stack.warehouse_dsn,
            f"SELECT pid FROM pg_stat_activity WHERE {mine} = ANY(pg_blocking_pids(pid))",
        )
        if not waiting:
            return
        ((pid,),) = waiting
        if not self._play.stack.end_task(TASK):
            raise UserError(f"The process of {TASK} was not found, although its session waits: nothing was killed.")
        self.has_killed = True
        self._holder.rollback()
        _wait(lambda: not query(self._play.stack.warehouse_dsn, f"SELECT FROM pg_stat_activity WHERE pid = {pid}"))
        self._play.end("The process was killed, and PostgreSQL has rolled back what its load had written so far.")
        self._play.begin(
            "Airflow tries the task again",
            "The process sends no heartbeat any more. Airflow notices, and tries the task again after a pause.",
        )


def _wait(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + _SECONDS_TO_ROLL_BACK
    while not condition():
        if time.monotonic() > deadline:
            raise UserError("PostgreSQL still works for the load that was killed.")
        time.sleep(0.1)


SCENARIO = Scenario(
    "worker-killed",
    "a task is killed in the middle of a load: rolled back, tried again, green",
    "A load is one transaction. Half of a load is never to be seen: the server rolls back what a killed process began."
    " The retry reads the same object of the lake and loads it from its start; rows that are there already are not"
    " written twice. Nobody is told, because nothing needs a person.",
    "the task load.db.salesorderdetail of the run of {day}: two tries. The log of the first one breaks off.",
    play,
)
