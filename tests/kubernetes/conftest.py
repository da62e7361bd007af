"""A cluster's settings, in all the ways that change what is made."""

from __future__ import annotations

from dataclasses import replace

import pytest

from cli.kubernetes.names import CELERY, KUBERNETES
from cli.kubernetes.settings import Database, GitSync, Lake, Settings
from cli.names import SECRETS
from cli.secrets import new_secret

USUAL = Settings(
    image="registry.example.com/bikes-store-airflow:1",
    external_source=Database("db.example.com", "bikes-store", user="source_reader"),
    external_warehouse=Database("dwh.example.com", "warehouse"),
    external_lake=Lake("https://s3.example.com", "eu-west-1"),
)
WAYS = {
    "usual": USUAL,
    "no scaling": replace(USUAL, autoscaling="none", worker_count=3),
    "KEDA": replace(USUAL, autoscaling="keda"),
    "KubernetesExecutor": replace(USUAL, executor=KUBERNETES),
    "git-sync": replace(USUAL, git_sync=GitSync("https://git.example.com/bikes-store.git", "v1")),
    "git-sync and KubernetesExecutor": replace(
        USUAL, executor=KUBERNETES, git_sync=GitSync("https://git.example.com/bikes-store.git")
    ),
    "everything": replace(
        USUAL,
        executor=CELERY,
        currency_api_url="https://rates.example.com",
        slack_webhook_url="https://hooks.slack.com/services/T0/B0/secretofslack",
        runbooks_url="https://git.example.com/docs/runbooks/",
        dashboards_url="https://grafana.example.com",
        airflow_url="https://airflow.example.com/bikes",
        image_pull_secret="registry",
        storage_class="fast",
        namespace="sales",
        worker_concurrency=8,
        external_warehouse=Database("dwh.example.com", "warehouse", sslmode="verify-full"),
        images={"statsd_exporter": "mirror.example.com/statsd-exporter:v9@sha256:" + "0" * 64},
    ),
}


@pytest.fixture
def usual() -> Settings:
    return USUAL


@pytest.fixture(params=WAYS, scope="module")
def settings(request) -> Settings:
    return WAYS[request.param]


@pytest.fixture
def known() -> dict[str, str]:
    """A secret for each name, with what is special in a URL and for Grafana."""
    return {name: new_secret(name) if "fernet" in name else f"{name}:/@%?#$HOME" for name in SECRETS}
