"""The values for Airflow's official chart: deploy/kubernetes/values.yaml, its overlays, and what stands elsewhere."""

from __future__ import annotations

from typing import Any

from cli.containers.image import read_image
from cli.kubernetes import environment, statsd
from cli.kubernetes.fill import fill_one, merge
from cli.kubernetes.images import image
from cli.kubernetes.names import CELERY, DEPLOY, KUBERNETES
from cli.kubernetes.settings import Settings


def values(settings: Settings) -> dict[str, Any]:
    """All values, in one document."""
    variables = environment.of_processes(settings)
    names = {
        "IMAGE": settings.image,
        "ENVIRONMENT": environment.as_list(variables),
        "WORKER_COUNT": settings.worker_count,
        "WORKER_MAX": settings.worker_max,
        "MONITORING_NAMESPACE": settings.monitoring_namespace,
        "GIT_REPO": settings.git_sync.repo if settings.git_sync else "",
        "GIT_REF": settings.git_sync.ref if settings.git_sync else "",
    }
    merged = fill_one(DEPLOY / "values.yaml", names)
    for overlay in _overlays(settings):
        merged = merge(merged, fill_one(DEPLOY / overlay, names))
    if settings.executor == CELERY and settings.autoscaling == "none":
        merged = merge(merged, {"workers": {"hpa": {"enabled": False}, "replicas": settings.worker_count}})
    return dict(merge(merged, _from_elsewhere(settings, variables)))


def _overlays(settings: Settings) -> list[str]:
    chosen = []
    if settings.executor == KUBERNETES:
        chosen.append("kubernetes-executor.yaml")
    elif settings.autoscaling == "keda":
        chosen.append("keda.yaml")
    if settings.git_sync:
        chosen.append("git-sync.yaml")
    return chosen


def _from_elsewhere(settings: Settings, variables: dict[str, str]) -> dict[str, Any]:
    airflow, exporter = _chart_image(settings.image), _chart_image(image(settings, "statsd_exporter"))
    return {
        "images": {"airflow": airflow, "pod_template": airflow, "statsd": exporter},
        "registry": {"secretName": settings.image_pull_secret},
        "env": environment.as_list(variables),
        "config": {
            # The chart's probes take the path from here.
            "webserver": {"base_url": settings.airflow_url},
            # KEDA's question takes it from here.
            "celery": {"worker_concurrency": int(variables["AIRFLOW__CELERY__WORKER_CONCURRENCY"])},
        },
        "statsd": {"overrideMappings": statsd.mappings()},
    }


def _chart_image(text: str) -> dict[str, str]:
    """An image as the chart takes it. It puts the two together with a colon, so a digest goes with the tag."""
    found = read_image(text)
    return {"repository": found.name, "tag": found.tag + (f"@{found.digest}" if found.digest else "")}
