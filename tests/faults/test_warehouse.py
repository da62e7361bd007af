"""dbt is killed. The run after that also builds what all other tests of this folder left in the staging area."""

from __future__ import annotations

import pytest

from cli.database import query
from tests.faults.twins import database
from tests.support.proxy import Point


@pytest.mark.fault("killed-dbt")
@pytest.mark.fault("zone")
def test_killed_in_the_middle_of_fact_order(twins, to_postgres):
    run_id = twins.a_day()
    twins.pipeline.run(run_id=run_id)
    before = query(twins.hurt, "SELECT count(*), max(built_at) FROM warehouse.fact_order")
    statement = f'delete from "{database(twins.hurt)}"."warehouse"."fact_order"'
    reached = to_postgres.hold_at(Point("server", before=statement.encode()))
    with twins.dbt_process(to_postgres.port) as dbt:
        assert reached.wait(90), dbt.communicate()
        dbt.kill()
    assert query(twins.hurt, "SELECT count(*), max(built_at) FROM warehouse.fact_order") == before
    twins.assert_right(run_id, marts=True)
