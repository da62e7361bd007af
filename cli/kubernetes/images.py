"""The images of the services, from terraform/images.yaml."""

from __future__ import annotations

from cli.containers.images import read_pinned
from cli.kubernetes.settings import Settings
from cli.paths import TERRAFORM


def image(settings: Settings, name: str) -> str:
    """The image that the platform calls so: the one of settings.yaml, else the pinned one."""
    return settings.images.get(name) or str(read_pinned(TERRAFORM / "images.yaml")[name])
