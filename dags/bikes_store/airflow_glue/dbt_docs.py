"""dbt's documentation of the warehouse: written to the lake at the end of a run, shown in Airflow's menu.

Cosmos shows it (Browse, dbt Docs). Its settings dbt_docs_dir and dbt_docs_conn_id, in the section [cosmos], say where
it is.
https://astronomer.github.io/astronomer-cosmos/guides/dbt_docs/hosting-docs.html
"""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from airflow.configuration import conf
from airflow.datasets import Dataset
from airflow.utils.state import State, TaskInstanceState
from cosmos.operators.local import DbtDocsS3LocalOperator

_TIMEOUT = timedelta(minutes=10)


class DbtDocsOperator(DbtDocsS3LocalOperator):
    """Writes the documentation as one file, which browsers need nothing else for."""

    def upload_to_cloud_storage(self, project_dir: str, **kwargs: Any) -> None:
        """Cosmos calls this after dbt's command, also after one that failed. Then it raises dbt's error itself."""
        if all(Path(project_dir, "target", file).is_file() for file in self.required_files):
            super().upload_to_cloud_storage(project_dir, **kwargs)


def is_in_lake() -> bool:
    """Whether Cosmos' settings say that the documentation is in an S3. Else somebody else has to write it."""
    return _directory().scheme == "s3"


def write_docs(task_id: str, **arguments: Any) -> DbtDocsOperator:
    """The task that comes after all others.

    As a teardown it does not decide about the run: when it fails, Slack is told, and the run is what it was without it.
    ``--no-compile`` leaves out the SQL that dbt makes of each model; it is in the logs of the tasks that ran it. So dbt
    writes no manifest: a warmed worker has put the newest one there, any other gets the one that ``arguments`` name.

    :param arguments: those of any dbt task of the DAG.
    """
    directory = _directory()
    task = DbtDocsOperator(
        task_id=task_id,
        connection_id=conf.get("cosmos", "dbt_docs_conn_id"),
        bucket_name=directory.netloc,
        folder_dir=directory.path.strip("/"),
        dbt_cmd_flags=["--static", "--no-compile"],
        should_store_compiled_sql=False,
        emit_datasets=False,
        outlets=[Dataset(f"s3://{directory.netloc}/{directory.path.strip('/')}/static_index.html")],
        execution_timeout=_TIMEOUT,
        **arguments,
    )
    task.as_teardown()
    return task


def was_built(context: Any) -> bool:
    """Whether what comes before the task succeeded. A group that the branch left out does not count."""
    before = context["task"].upstream_task_ids
    states = {ti.state for ti in context["dag_run"].get_task_instances() if ti.task_id in before}
    return TaskInstanceState.SUCCESS in states and not states & State.failed_states


def _directory() -> Any:
    return urlsplit(conf.get("cosmos", "dbt_docs_dir", fallback=None) or "")
