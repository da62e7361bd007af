"""The currency API does not answer, while an order comes in."""

from __future__ import annotations

from cli.simulate import orders
from cli.simulate.play import Play, Scenario
from cli.simulate.watch import Watch, built

API_URL = "BIKES_STORE_API_URL"
# Nothing listens there, on whatever machine the task runs.
DOWN = "http://127.0.0.1:9/api/currencydata"


def play(play: Play) -> None:
    play.choose(orders.ONE_ORDER, orders.NO_ORDERS)
    play.watch(
        orders.headers(),
        Watch(
            "staging",
            "bikes_store_staging.currency",
            1,
            "SELECT 'all' AS currencies, count(*) AS rows FROM bikes_store_staging.currency",
            shows_same=True,
        ),
        built("dim_currency", "'all' AS currencies", "count(*) AS rows", "true", shows_same=True),
        orders.fact(),
        orders.daily(),
        orders.RECONCILIATION,
    )
    with play.with_variable(API_URL, DOWN, f"the variable {API_URL} has the address of the currency API again."):
        play.begin(
            "The API does not answer",
            "{day}: order {number} comes in. The currency API is down: the variable BIKES_STORE_API_URL points to an"
            " address where nothing listens. The task asks four times, and Airflow tries it three times, with longer"
            " and longer pauses. That takes about two minutes.",
        )
        play.change(orders.PLACE_ORDER)
        play.run_that_fails()
        play.end("Every load waits for all extracts: none has begun, so nothing was written.")
    play.begin(
        "The API answers again",
        "The day is run again, as `make run-pipeline DATE={day}` does. To clear the failed task in Airflow would"
        " do too.",
    )
    play.run()
    play.end()


SCENARIO = Scenario(
    "api-down",
    "the currency API does not answer: retries, a failed run, nothing written, then green",
    "What may pass is tried again, and only after that it is a failure, with one sentence and one message to Slack. The"
    " run loads all tables or, like here, none: an order is not in the warehouse before all that belongs to it is. The"
    " next run brings what is missing; nobody has to remember it.",
    "the task extract.api.currency of the run of {day}: three tries, each with its log.",
    play,
)
