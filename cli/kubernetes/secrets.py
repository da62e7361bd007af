"""Kubernetes' secrets, from the file that `make secrets` writes. They hold what the cluster reads, and no more."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from cli.kubernetes.environment import OF_INIT
from cli.kubernetes.names import AIRFLOW, BROKER, CELERY, METADATA, REDIS, SECRETS
from cli.kubernetes.settings import Settings
from cli.names import DATABASES


def secrets(settings: Settings, known: Mapping[str, str]) -> list[dict[str, Any]]:
    """The secrets of the platform's namespace.

    :param known: the secrets by the names that names.yaml has.
    """
    database, password = DATABASES["airflow"], quote(known["airflow_db_password"], safe="")
    made = {
        SECRETS: {
            **{name: known[name] for name in ("airflow_db_password", *OF_INIT)},
            "slack_webhook_url": settings.slack_webhook_url,
        },
        # The names of the keys are the chart's.
        AIRFLOW: {"fernet-key": known["airflow_fernet_key"], "webserver-secret-key": known["airflow_secret_key"]},
        METADATA: {"connection": f"postgresql://{database}:{password}@airflow-db:5432/{database}"},
    }
    if settings.executor == CELERY:
        broker = known["broker_password"]
        made[BROKER] = {"connection": f"redis://:{quote(broker, safe='')}@redis:6379/0"}
        made[REDIS] = {"password": broker, "redis.conf": f"requirepass {broker}\nappendonly yes\ndir /data\n"}
    return [secret(name, content) for name, content in made.items()]


def secret(name: str, content: Mapping[str, str]) -> dict[str, Any]:
    """A secret with that content."""
    return {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name}, "stringData": dict(content)}
