"""Airflow's connections, opened: the databases, the lake, Slack."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from airflow.exceptions import AirflowNotFoundException
from airflow.hooks.base import BaseHook

from bikes_store.errors import Refused, Unavailable

if TYPE_CHECKING:
    from airflow.models import Connection as AirflowConnection
    from mypy_boto3_s3 import S3Client
    from psycopg2.extensions import connection as Connection

SOURCE = "bikes-store-db"
STAGING = "staging"
WAREHOUSE = "warehouse"
LAKE = "s3-conn"
SLACK = "slack-notifier"

_SLACK_HOST = "https://hooks.slack.com/services"


def connect(connection_id: str) -> Connection:
    """A session with one of the databases, which does not hang; the caller closes it.

    Its timeouts are variables. What the connection's extra says about the same things counts more.

    :raises Refused: when a variable is wrong, Airflow has no such connection, or it is not one to PostgreSQL.
    :raises Unavailable: when the database can't be reached, or does not let us in.
    """
    import psycopg2
    from airflow.providers.postgres.hooks.postgres import PostgresHook

    from bikes_store import database
    from bikes_store.airflow_glue import variables

    options = {**database.CONNECT, "options": variables.session_options()}
    found = _look_up(connection_id, "postgres")
    found.set_extra(json.dumps({**options, **found.extra_dejson}))
    try:
        session = PostgresHook(connection_id, connection=found).get_conn()
    except psycopg2.OperationalError as error:
        reason = " ".join(str(error).split())
        raise Unavailable(f"The database of Airflow's connection {connection_id} can't be used: {reason}") from error
    database.watch_client(session)
    return session


def lake_client() -> S3Client:
    """A client of boto3 for the data lake.

    :raises Refused: when Airflow has no such connection, it is not one to S3, or its endpoint is no URL.
    """
    from airflow.providers.amazon.aws.hooks.s3 import S3Hook

    # Without the connection, the hook would go to Amazon's own S3, with whatever keys this machine has.
    _look_up(LAKE, "aws")
    try:
        return S3Hook(LAKE).get_conn()
    except ValueError as error:
        raise Refused(f"Airflow's connection {LAKE} can't be used: {error}; its endpoint_url must be a URL.") from None


def slack_webhook() -> str | None:
    """URL of Slack's incoming webhook, or None when the connection is missing or has no password.

    The connection's password is either the whole URL or the part of it that comes after the host.
    """
    try:
        connection = BaseHook.get_connection(SLACK)
    except AirflowNotFoundException:
        return None
    token = connection.password or ""
    if not token or "://" in token:
        return token or None
    return f"{(connection.host or _SLACK_HOST).rstrip('/')}/{token.lstrip('/')}"


def _look_up(connection_id: str, kind: str) -> AirflowConnection:
    try:
        connection = BaseHook.get_connection(connection_id)
    except AirflowNotFoundException:
        raise Refused(
            f"Airflow has no connection {connection_id}: import airflow/airflow_connections_init.yaml (`make up` and"
            " `make demo` do), or make it in the UI."
        ) from None
    if connection.conn_type != kind:
        raise Refused(f"Airflow's connection {connection_id} is of type {connection.conn_type}; it must be {kind}.")
    return connection
