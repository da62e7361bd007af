"""dbt meets a fault: its connection is cut, the disk of the warehouse is full."""

from __future__ import annotations

import pytest

from cli.database import query
from tests.faults.disk import disk_below
from tests.faults.twins import database
from tests.support.proxy import Point


@pytest.mark.fault("cut-dbt")
@pytest.mark.parametrize("model", ["dim_product", "fact_order", "mart_sales_daily"])
def test_connection_is_cut(twins, to_postgres, model):
    """At the first statement that names the model and writes."""
    run_id = twins.a_day()
    twins.pipeline.run(run_id=run_id)
    verb = {"dim_product": "update", "fact_order": "delete from", "mart_sales_daily": "alter table"}[model]
    relation = f'{verb} "{database(twins.hurt)}"."warehouse"."{model}"'
    reached = to_postgres.cut_at(Point("server", before=relation.encode()))
    with twins.dbt_process(to_postgres.port) as dbt:
        output, _ = dbt.communicate(timeout=120)
    assert reached.is_set(), output
    assert dbt.returncode != 0
    assert f"error in model {model}" in output.lower() or f"error in snapshot {model}" in output.lower(), output
    twins.assert_right(run_id, marts=True)


@pytest.mark.fault("disk-dbt")
def test_disk_is_full(twins):
    with disk_below(twins, "warehouse.fact_order") as disk:
        run_id = twins.a_day()
        twins.pipeline.run(run_id=run_id)
        before = query(twins.hurt, "SELECT count(*), max(built_at) FROM warehouse.fact_order")
        disk.fill()
        assert twins.statuses(twins.hurt)["fact_order"] == "error"
        assert query(twins.hurt, "SELECT count(*), max(built_at) FROM warehouse.fact_order") == before
        disk.free()
        twins.build(twins.hurt)
    twins.assert_right(run_id, marts=True)
