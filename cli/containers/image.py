"""An image as it is pinned: its name, its tag, its digest, the registry that keeps it.

Nothing but Python's own library, from 3.8 on: `make doctor` runs before anything is installed.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

#: What Docker reads a name without a registry as.
DOCKER_HUB = "registry-1.docker.io"


@dataclass(frozen=True)
class Image:
    """An image as it is pinned."""

    name: str
    tag: str
    digest: str = ""

    def __str__(self) -> str:
        return f"{self.name}:{self.tag}" + (f"@{self.digest}" if self.digest else "")

    @property
    def registry(self) -> str:
        """The host that keeps it. A name's first part is a host if it has a dot or a port in it."""
        host, slash, _ = self.name.partition("/")
        return host if slash and (host == "localhost" or re.search(r"[.:]", host)) else DOCKER_HUB

    @property
    def repository(self) -> str:
        """Its name in the registry."""
        if self.registry == DOCKER_HUB:
            return self.name if "/" in self.name else f"library/{self.name}"
        return self.name.partition("/")[2]


def read_image(text: str) -> Image:
    """Read name:tag or name:tag@digest."""
    reference, _, digest = text.partition("@")
    name, _, tag = reference.rpartition(":")
    return Image(name, tag, digest)
