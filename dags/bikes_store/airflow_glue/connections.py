"""Airflow's connections, opened: the databases, the lake, Slack."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from airflow.exceptions import AirflowNotFoundException
from airflow.hooks.base import BaseHook

if TYPE_CHECKING:
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

    :raises Refused: when a variable is wrong.
    """
    from airflow.providers.postgres.hooks.postgres import PostgresHook

    from bikes_store import database
    from bikes_store.airflow_glue import variables

    options = database.options(variables.statement_timeout(), variables.lock_timeout())
    found = BaseHook.get_connection(connection_id)
    found.set_extra(json.dumps({**database.CONNECT, "options": options, **found.extra_dejson}))
    session = PostgresHook(connection_id, connection=found).get_conn()
    database.watch_client(session)
    return session


def lake_client() -> S3Client:
    """A client of boto3 for the data lake."""
    from airflow.providers.amazon.aws.hooks.s3 import S3Hook

    return S3Hook(LAKE).get_conn()


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
