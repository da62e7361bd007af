"""What the cluster gets beside the chart: namespace, secrets, database and broker, the init Job, network policies."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from cli.kubernetes import environment
from cli.kubernetes.fill import fill, fill_one, without_nulls
from cli.kubernetes.images import image
from cli.kubernetes.names import CELERY, DEPLOY, RELEASE
from cli.kubernetes.secrets import secrets
from cli.kubernetes.settings import Settings
from cli.names import DATABASES

#: The file that holds secrets, of mode 0600.
SECRETS_FILE = "20-secrets.yaml"


def manifests(settings: Settings, known: Mapping[str, str]) -> dict[str, list[Any]]:
    """The documents by the name of their file. kubectl applies the files in the order of their names.

    :param known: the secrets by the names that names.yaml has.
    """
    names, held = _names(settings), secrets(settings, known)
    folder = DEPLOY / "manifests"
    made = {
        SECRETS_FILE: held,
        "30-network-policies.yaml": fill(folder / "network-policies.yaml", names),
        "40-stores.yaml": fill(folder / "stores.yaml", names),
        "50-currency-api.yaml": fill(folder / "currency-api.yaml", names),
        "60-init.yaml": [_init(names, held)],
    }
    kept = {file: [each for each in content if _is_there(settings, each)] for file, content in made.items()}
    kept = {file: content for file, content in kept.items() if content}
    for each in (each for documents in kept.values() for each in documents):
        each["metadata"] = {"namespace": settings.namespace, **each["metadata"]}
    return {"10-namespace.yaml": fill(folder / "namespace.yaml", names), **without_nulls(kept)}


def _names(settings: Settings) -> dict[str, Any]:
    readers: list[dict[str, Any]] = [
        {"podSelector": {"matchLabels": {"tier": "airflow", "release": RELEASE}}},
        {"podSelector": {"matchLabels": {"app": "airflow-init"}}},
    ]
    if settings.executor == CELERY and settings.autoscaling == "keda":
        readers.append({"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "keda"}}})
    return {
        "NAMESPACE": settings.namespace,
        "RELEASE": RELEASE,
        "IMAGE": settings.image,
        "PULL_SECRETS": [{"name": settings.image_pull_secret}] if settings.image_pull_secret else None,
        "POSTGRES_IMAGE": image(settings, "postgres"),
        "REDIS_IMAGE": image(settings, "redis"),
        "AIRFLOW_DATABASE": DATABASES["airflow"],
        "STORAGE_CLASS": settings.storage_class,
        "READERS_OF_METADATA": readers,
        "INIT_ENVIRONMENT": environment.of_init(settings),
    }


def _init(names: Mapping[str, Any], held: list[Any]) -> Any:
    """The init Job. A Job can't be changed, so what changes in it or in the secrets changes its name."""
    job = fill_one(DEPLOY / "manifests" / "init.yaml", names)
    all_of_it = json.dumps([job, held], sort_keys=True)
    job["metadata"]["name"] += f"-{hashlib.sha256(all_of_it.encode()).hexdigest()[:10]}"
    return job


def _is_there(settings: Settings, document: Mapping[str, Any]) -> bool:
    """Without Celery there is no broker, and without need no currency service."""
    unused = {"redis": settings.executor != CELERY, "currency-api": settings.currency_api_url != ""}
    return not unused.get(document["metadata"]["name"])
