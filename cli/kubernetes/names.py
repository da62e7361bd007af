"""The names that the manifests, the chart's values and docs/growing.md share, and where things are."""

from __future__ import annotations

from cli.paths import REPOSITORY

#: What is Kubernetes' own: values, manifests, the user's settings.
DEPLOY = REPOSITORY / "deploy" / "kubernetes"
#: The chart's release. Its parts have names that begin with it.
RELEASE = "bikes-store"
CELERY, KUBERNETES = "CeleryExecutor", "KubernetesExecutor"

# Secrets, as deploy/kubernetes/*.yaml name them.
SECRETS = "bikes-store-secrets"
AIRFLOW = "bikes-store-airflow"
METADATA = "bikes-store-metadata"
BROKER = "bikes-store-broker"
REDIS = "bikes-store-redis"

# Where the image has things.
HOME = "/opt/airflow"
MANIFEST = f"{HOME}/dbt-target/manifest.json"
