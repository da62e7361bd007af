"""What tests read in manifests of Kubernetes, and the chart where it is at hand."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

#: The variable that names the chart's folder, unpacked.
CHART = "AIRFLOW_CHART"


@dataclass(frozen=True)
class Pods:
    """The pods of a workload. ``lasting`` says whether they are to stay up."""

    name: str
    labels: dict[str, str]
    spec: dict[str, Any]
    lasting: bool

    @property
    def containers(self) -> list[dict[str, Any]]:
        """All containers, those included that run first."""
        return [*(self.spec.get("initContainers") or []), *self.spec["containers"]]


def pods(documents: Iterable[Any]) -> Iterator[Pods]:
    """The pods that documents make."""
    for each in documents:
        kind = each["kind"]
        if kind in ("Deployment", "StatefulSet", "Job"):
            template = each["spec"]["template"]
            lasting = kind != "Job"
            yield Pods(each["metadata"]["name"], template["metadata"]["labels"], template["spec"], lasting)
        elif kind == "Pod":
            yield Pods(each["metadata"]["name"], each["metadata"]["labels"], each["spec"], False)


def secret_keys(value: Any) -> Iterator[tuple[str, str]]:
    """The secrets and keys that a document reads as variables."""
    if isinstance(value, dict):
        if (ref := value.get("secretKeyRef")) is not None:
            yield ref["name"], ref["key"]
        for item in value.values():
            yield from secret_keys(item)
    elif isinstance(value, list):
        for item in value:
            yield from secret_keys(item)


def selects(selector: dict[str, Any], labels: dict[str, str]) -> bool:
    """Whether a selector of labels takes a pod."""
    return selector.get("matchLabels", {}).items() <= labels.items()


def check_hardened(of: Pods) -> None:
    """What Kubernetes' own standard "restricted" asks of a pod, and what we ask beside it."""
    pod = of.spec.get("securityContext", {})
    for container in of.containers:
        where = f"{of.name}/{container['name']}"
        context = {**pod, **container.get("securityContext", {})}
        assert context.get("runAsNonRoot") is True, where
        assert context.get("runAsUser", 0) > 0, where
        assert context.get("seccompProfile") == {"type": "RuntimeDefault"}, where
        assert context.get("allowPrivilegeEscalation") is False, where
        assert context.get("capabilities") == {"drop": ["ALL"]}, where
        assert not context.get("privileged"), where
        image = container["image"]
        assert ":" in image.rpartition("/")[2] and not image.endswith(":latest"), where
        assert container["resources"]["requests"].keys() == {"cpu", "memory"}, where
        assert "memory" in container["resources"]["limits"], where
        names = [variable["name"] for variable in container.get("env") or []]
        assert len(names) == len(set(names)), where
    for volume in of.spec.get("volumes", []):
        assert "hostPath" not in volume, of.name


def need_chart() -> Path:
    """The folder of the chart. Skips the test where it is not at hand, in CI too: the chart is the user's."""
    given = os.environ.get(CHART)
    if not given:
        pytest.skip(f"{CHART} names no folder with Airflow's official chart")
    return Path(given)


def need_helm() -> None:
    """Skips the test where Helm is not at hand, in CI too: Helm is the user's."""
    if shutil.which("helm") is None:
        pytest.skip("helm is not on the PATH")
