"""What a worker keeps for its tasks, so that no task makes it anew.

Each function changes another project from outside; docs/upstream.md says what we would propose there. `warm_up` of
worker_warm_up.py calls them before the worker forks. How much they save is in processor time of one task on 2 cores.
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from airflow.providers.amazon.aws.hooks.base_aws import AwsGenericHook
    from botocore.client import BaseClient
    from botocore.config import Config
    from dbt.adapters.postgres.connections import PostgresConnectionManager
    from sqlalchemy.pool import Pool


def keep_engine() -> None:
    """Leave a task the worker's engine. Each of its two processes makes one of its own otherwise, of the same kind.

    An engine learns what database it talks to, and keeps the statements that it has compiled. A fork opens connections
    of its own: see airflow_local_settings.py.
    """
    from airflow import settings

    reconfigure = settings.reconfigure_orm
    reconfigure(disable_connection_pool=True)
    kept = settings.engine

    def reconfigure_orm(disable_connection_pool: bool = False, pool_class: type[Pool] | None = None) -> None:
        if disable_connection_pool and pool_class is None and settings.engine is kept:
            settings.Session.remove()
        else:
            reconfigure(disable_connection_pool, pool_class)

    settings.reconfigure_orm = reconfigure_orm
    with kept.connect():
        pass


def know_statements() -> None:
    """Have the kept engine compile what each task asks Airflow's database, by asking it for a task that nobody has.

    SQLAlchemy compiles a statement when an engine meets it first, and each task would be the first to ask: that takes
    it 0.1 s. Nothing is changed in the database. What is missing here, a task compiles by itself.
    """
    from airflow.datasets import Dataset
    from airflow.datasets.manager import dataset_manager
    from airflow.jobs.job import Job
    from airflow.models import DAG, DagRun, Pool, TaskInstance, Variable, XCom
    from airflow.models.renderedtifields import RenderedTaskInstanceFields
    from airflow.models.tasklog import LogTemplate
    from airflow.operators.empty import EmptyOperator
    from airflow.utils import timezone
    from airflow.utils.session import create_session
    from airflow.utils.state import DagRunState, State

    with DAG("nobody", schedule=None) as dag:
        task = EmptyOperator(task_id="nobody")
    run = DagRun(dag.dag_id, "nobody", execution_date=timezone.utcnow())
    key = {"dag_id": run.dag_id, "run_id": run.run_id}
    this = {**key, "task_id": task.task_id, "map_index": -1}
    with create_session() as session:
        TaskInstance.get_task_instance(**this, session=session)
        TaskInstance.get_task_instance(**this, lock_for_update=True, session=session)
        TaskInstance(task, run_id=run.run_id).schedule_downstream_tasks(session)
        DagRun.fetch_task_instance(run.dag_id, run.run_id, task.task_id, session)
        for state in (State.finished, State.task_states):
            DagRun.fetch_task_instances(**key, state=state, session=session)
            DagRun.fetch_task_instances(**key, task_ids=[task.task_id], state=state, session=session)
        DagRun.get_previous_dagrun(run, session=session)
        DagRun.get_previous_dagrun(run, DagRunState.SUCCESS, session)
        DAG.fetch_dagrun(**key, session=session)
        dag.get_concurrency_reached(session)
        XCom.clear(**key, task_id=task.task_id, session=session)
        log = dataset_manager.logger()
        log.disabled = True  # it would warn that there is no such dataset
        try:
            dataset_manager.register_dataset_change(dataset=Dataset("nobody"), session=session)
        finally:
            log.disabled = False
        RenderedTaskInstanceFields.delete_old_records(task.task_id, dag.dag_id, session=session)
        for model in (TaskInstance, RenderedTaskInstanceFields):
            session.get(model, this)
        for model in (Job, LogTemplate):
            session.get(model, 0)
        if pool := Pool.get_pool(Pool.DEFAULT_POOL_NAME, session):
            pool.occupied_slots(session)
    Variable.get("nobody", default_var=None)


def keep_lake_client() -> None:
    """Leave a task the client of the lake, for its data and its log, as long as the connection is what it was.

    A hook makes a client from the description of S3, and reads the source of each function on the stack to tell Amazon
    who asks. The worker's client has asked nothing yet, so no fork shares a socket with another one.
    """
    import botocore.loaders
    import botocore.session
    from airflow.configuration import conf
    from airflow.providers.amazon.aws.hooks.base_aws import AwsGenericHook
    from airflow.providers.amazon.aws.hooks.s3 import S3Hook

    # A client for another connection shares the description at least.
    botocore.session.create_loader = functools.cache(botocore.loaders.create_loader)
    hook = S3Hook(conf.get("logging", "remote_log_conn_id"))
    client, made_from = hook.get_conn(), _made_from(hook)
    make = AwsGenericHook.get_client_type

    def get_client_type(
        self: AwsGenericHook[Any], region_name: str | None = None, config: Config | None = None, **others: Any
    ) -> BaseClient:
        if region_name in (None, self.region_name) and config is None and not others and _made_from(self) == made_from:
            return client
        return make(self, region_name, config, **others)

    AwsGenericHook.get_client_type = get_client_type


def _made_from(hook: AwsGenericHook[Any]) -> tuple[Any, ...]:
    """What a hook makes its client from."""
    known = hook.conn_config
    of_connection = known.conn_type, known.login, known.password, known.schema, known.extra_config
    return (hook.client_type, hook.region_name, hook.verify, known.botocore_config, *of_connection)


def keep_log_template() -> None:
    """Have the template of the names of logs compiled once, not several times by each task."""
    from airflow.configuration import conf
    from airflow.utils.log import file_task_handler

    file_task_handler.parse_template_string = functools.cache(file_task_handler.parse_template_string)
    file_task_handler.parse_template_string(conf.get("logging", "log_filename_template"))


def copy_tasks_lightly() -> None:
    """Have a task that has ended copy the tasks after it, and not all tasks of the DAG.

    What a task was made with names its group, that names all tasks in it, and so on. The mini-scheduler takes nothing
    from there. That saves a task of the warehouse DAG 0.02 s.
    """
    from airflow.models.baseoperator import BaseOperator

    BaseOperator._base_operator_shallow_copy_attrs += ("_BaseOperator__init_kwargs",)  # noqa: SLF001 - it has no setting


def keep_sessions_of_dbt() -> None:
    """Have dbt keep a session of the database from one node to the next, until a command ends.

    By itself it opens one for each node. What a node has left open is rolled back, as it is when the session is closed.
    A session that is lost is replaced.
    """
    from dbt.adapters.postgres.connections import PostgresConnectionManager

    release = PostgresConnectionManager.release

    def keep(self: PostgresConnectionManager) -> None:
        connection = self.get_if_exists()
        if connection is not None and connection.state == "open":
            self._rollback_handle(connection)
            connection.transaction_open = False
            if not connection.handle.closed:
                return
        release(self)

    PostgresConnectionManager.release = keep  # type: ignore[method-assign, assignment]  # to replace it is the aim
