"""Operators of Airflow that wait for their turn. A task that waits takes no slot of a worker."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from airflow.exceptions import AirflowFailException, TaskDeferred
from airflow.operators.python import BranchPythonOperator, PythonOperator
from airflow.operators.trigger_dagrun import TriggerDagRunOperator
from airflow.triggers.temporal import TimeDeltaTrigger

from bikes_store.airflow_glue import turns
from bikes_store.tables import Table

_BETWEEN_LOOKS = timedelta(seconds=5)


class _WaitsForTurn(PythonOperator):
    """Waits before its work. ``execution_timeout`` bounds the wait and the work together."""

    def waits_for(self) -> str | None:
        """What the task has to wait for, in words; None when it may go on."""
        raise NotImplementedError

    def pre_execute(self, context: Any) -> None:
        """Airflow calls this before the work, and again after each wait."""
        if reason := self.waits_for():
            self.log.info("Waiting: %s.", reason)
            raise TaskDeferred(trigger=TimeDeltaTrigger(_BETWEEN_LOOKS), method_name="resume")
        super().pre_execute(context)

    def resume(self, context: Any, event: Any = None) -> Any:
        """Go on after a wait."""
        return self.execute(context)

    def resume_execution(self, next_method: str, next_kwargs: dict[str, Any] | None, context: Any) -> Any:
        """Airflow calls this after a wait, and when the wait took too long."""
        if next_method == "__fail__" and (reason := self.waits_for()):
            raise AirflowFailException(f"Gave up after {self.execution_timeout}: {reason}.")
        return super().resume_execution(next_method, next_kwargs, context)


class ExtractOperator(PythonOperator):
    """Brings a table to the lake.

    :param table: of the catalogue, for OpenLineage.
    """

    def __init__(self, *, table: Table, **arguments: Any) -> None:
        super().__init__(**arguments)
        self.table = table

    def get_openlineage_facets_on_complete(self, task_instance: Any) -> Any:
        """OpenLineage calls this where it is switched on."""
        from bikes_store.airflow_glue import open_lineage

        return open_lineage.of_extract(self.table)


class LoadOperator(_WaitsForTurn):
    """Writes to the staging area when no warehouse run builds from it.

    :param table: of the catalogue, for OpenLineage.
    """

    def __init__(self, *, table: Table, **arguments: Any) -> None:
        super().__init__(**arguments)
        self.table = table

    def get_openlineage_facets_on_complete(self, task_instance: Any) -> Any:
        """OpenLineage calls this where it is switched on."""
        from bikes_store.airflow_glue import open_lineage

        return open_lineage.of_load(self.table)

    def waits_for(self) -> str | None:
        run_id = turns.run_that_builds()
        return f"the run {run_id} of {turns.WAREHOUSE_DAG} builds from the staging area" if run_id else None


class WarehouseGateOperator(_WaitsForTurn, BranchPythonOperator):
    """Opens a warehouse run when no staging run is in the middle of its loads."""

    def waits_for(self) -> str | None:
        run_id = turns.run_that_loads()
        return f"the run {run_id} of {turns.STAGING_DAG} is loading the staging area" if run_id else None


class TriggerWarehouseOperator(TriggerDagRunOperator):
    """Triggers the warehouse run of a staging run, or repeats it, in a way that the scheduler starts."""

    def execute(self, context: Any) -> None:
        """Trigger the run, then wait for its end."""
        turns.hand_over_to_scheduler(context["logical_date"])
        super().execute(context)
