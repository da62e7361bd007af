"""airflow/config/worker_keeps.py and celery_results.py: what is kept is used, and not beyond its time.

Both change other packages, so each test does that in a fork.
"""

from __future__ import annotations

import pytest
from airflow.models import Connection


@pytest.fixture
def run(python, tmp_path):
    """Run a script; returns the lines that it prints with a > before them."""

    def run(script, **environment):
        return [line.removeprefix("> ") for line in python.run(script, tmp_path, **environment)]

    return run


def lake(secret):
    extra = {"endpoint_url": "http://127.0.0.1:9", "region_name": "us-east-1"}
    return Connection(conn_type="aws", login="pipeline", password=secret, extra=extra).get_uri()


def test_a_task_takes_the_workers_client_until_the_connection_changes(run):
    script = f"""
        import os
        import worker_keeps
        from airflow.providers.amazon.aws.hooks.s3 import S3Hook
        worker_keeps.keep_lake_client()

        def client(name="s3-conn"):
            return S3Hook(name, transfer_config_args={{"use_threads": False}}).get_conn()

        kept = client()
        print(">", client() is kept, client("elsewhere") is kept)
        print(">", S3Hook("s3-conn").get_client_type(region_name="eu-west-1").meta.region_name)
        os.environ["AIRFLOW_CONN_S3-CONN"] = {lake("new")!r}
        print(">", client() is kept, client()._request_signer._credentials.secret_key)
    """
    environment = {"AIRFLOW__LOGGING__REMOTE_LOG_CONN_ID": "s3-conn", "AIRFLOW_CONN_S3-CONN": lake("old")}
    assert run(script, **environment, AIRFLOW_CONN_ELSEWHERE=lake("other")) == ["True False", "eu-west-1", "False new"]


def test_a_task_takes_the_workers_engine_and_opens_connections_of_its_own(run, postgres):
    script = """
        import os
        from airflow import settings
        import airflow_local_settings, worker_keeps
        from sqlalchemy import text

        def session():
            with settings.Session() as session:
                return session.execute(text("SELECT pg_backend_pid()")).scalar()

        settings.prepare_engine_args = airflow_local_settings.prepare_engine_args
        settings.SQL_ALCHEMY_CONN = os.environ["DATABASE"]
        worker_keeps.keep_engine()
        engine, mine = settings.engine, session()
        if not os.fork():
            settings.reconfigure_orm(disable_connection_pool=True)  # as a process does that runs a task
            print(">", settings.engine is engine, session() == mine, flush=True)
            settings.reconfigure_orm()  # somebody wants another one
            print(">", settings.engine is engine, flush=True)
            os._exit(0)
        os.wait()
        print(">", session() == mine)
    """
    assert run(script, DATABASE=postgres.create_database("kept_engine")) == ["True False", "False", "True"]


def test_a_task_compiles_little_of_what_it_asks(run, postgres):
    """A whole task, in a fork of a process that knows the statements and of one that does not."""
    script = """
        import os
        from airflow import settings
        settings.SQL_ALCHEMY_CONN = os.environ["DATABASE"]
        settings.configure_orm()
        import pendulum
        import worker_keeps
        from airflow import DAG
        from airflow.datasets import Dataset
        from airflow.models import import_all_models
        from airflow.models.base import Base
        from airflow.operators.empty import EmptyOperator
        from airflow.operators.python import PythonOperator
        from airflow.utils.db import add_default_pool_if_not_exists, synchronize_log_template
        from airflow.utils.types import DagRunType
        from sqlalchemy.sql.elements import ClauseElement

        import_all_models()
        import airflow.providers.fab.auth_manager.models  # users, whom other tables refer to
        with DAG("shop", start_date=pendulum.datetime(2024, 9, 1), schedule=None) as dag:
            sell = PythonOperator(task_id="sell", python_callable=print, outlets=[Dataset("shop")])
            sell >> EmptyOperator(task_id="count")
        Base.metadata.create_all(settings.engine)
        add_default_pool_if_not_exists()
        synchronize_log_template()
        dag.fileloc = worker_keeps.__file__  # the DAG's code is kept too
        dag.sync_to_db()
        moment = pendulum.datetime(2024, 9, 2)
        given = {"run_type": DagRunType.MANUAL, "data_interval": (moment, moment)}
        run = dag.create_dagrun("running", moment, "by_hand", **given)

        def compiled_by_a_task():
            made = []
            compile = ClauseElement._compiler
            ClauseElement._compiler = lambda self, *a, **k: made.append(self) or compile(self, *a, **k)
            task = run.get_task_instance("sell")
            task.refresh_from_task(sell)
            task.run(verbose=False, ignore_ti_state=True)
            task.schedule_downstream_tasks()
            assert task.state == "success"
            return len(made)

        def in_a_fork(count):
            end, start = os.pipe()
            if not os.fork():
                settings.reconfigure_orm(disable_connection_pool=True)  # as a process does that runs a task
                os.write(start, str(count()).encode())
                os._exit(0)
            os.wait()
            return int(os.read(end, 9))

        settings.engine.dispose()
        worker_keeps.keep_engine()
        before = in_a_fork(compiled_by_a_task)
        worker_keeps.know_statements()
        print(">", before, in_a_fork(compiled_by_a_task))
    """
    ((line),) = run(script, DATABASE=postgres.create_database("statements"))
    before, after = map(int, line.split())
    assert before > 20 and after < before / 2, line


def test_a_task_that_has_ended_copies_no_task_that_does_not_follow(run):
    script = """
        from datetime import datetime
        from airflow import DAG
        from airflow.models.baseoperator import BaseOperator
        from airflow.operators.empty import EmptyOperator
        from airflow.utils.task_group import TaskGroup
        import worker_keeps

        with DAG("shop", start_date=datetime(2024, 9, 1), schedule=None) as dag:
            with TaskGroup("sell") as group:
                first, second, *_ = [EmptyOperator(task_id=name, task_group=group) for name in "abcdef"]
                first >> second

        copied = []
        deepcopy = BaseOperator.__deepcopy__
        BaseOperator.__deepcopy__ = lambda self, memo: copied.append(self.task_id) or deepcopy(self, memo)
        worker_keeps.copy_tasks_lightly()
        partial = dag.partial_subset(first.downstream_task_ids, include_upstream=False, include_direct_upstream=True)
        print(">", sorted(copied), sorted(partial.task_ids), partial.get_task("sell.b").upstream_task_ids)
    """
    assert run(script) == ["['sell.a', 'sell.b'] ['sell.a', 'sell.b'] {'sell.a'}"]


def test_the_template_of_a_logs_name_is_compiled_once(run):
    script = """
        import jinja2
        import worker_keeps
        from airflow.configuration import conf
        from airflow.utils.log import file_task_handler
        worker_keeps.keep_log_template()
        jinja2.Template = None
        template = conf.get("logging", "log_filename_template")
        print(">", "{{" in template, file_task_handler.parse_template_string(template)[1] is not None)
    """
    assert run(script) == ["True True"]


def test_the_scheduler_asks_for_results_in_one_session_that_is_replaced_when_it_is_lost(run, postgres):
    script = """
        import os
        import celery_results
        import psycopg2
        from celery import Celery
        from sqlalchemy import text
        celery_results.keep_engine()
        app = Celery(backend="db+" + os.environ["DATABASE"], broker="memory://")

        def session():
            with app.backend.ResultSession() as session:
                return session.execute(text("SELECT pg_backend_pid()")).scalar()

        mine = session()
        print(">", session() == mine, flush=True)
        if not os.fork():
            print(">", session() == mine, flush=True)
            os._exit(0)
        os.wait()
        with psycopg2.connect(os.environ["DATABASE"]) as other, other.cursor() as cursor:
            cursor.execute("SELECT pg_terminate_backend(%s)", [mine])
        print(">", session() == mine)
    """
    assert run(script, DATABASE=postgres.create_database("celery_results")) == ["True", "False", "False"]
