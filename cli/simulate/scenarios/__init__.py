"""All scenarios, in the order of the list."""

from __future__ import annotations

from cli.simulate.play import Scenario
from cli.simulate.scenarios import (
    api_down,
    broken_row,
    customer_moves,
    deleted_rows,
    late_data,
    new_orders,
    price_change,
    schema_drift,
    worker_killed,
    working_day,
)

SCENARIOS: dict[str, Scenario] = {
    module.SCENARIO.name: module.SCENARIO
    for module in (
        new_orders,
        price_change,
        customer_moves,
        late_data,
        deleted_rows,
        api_down,
        broken_row,
        schema_drift,
        worker_killed,
        working_day,
    )
}
