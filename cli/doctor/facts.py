"""What the platform needs, read where it stands, by text: no file here is imported that needs a package."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from cli.containers.image import Image, read_image
from cli.containers.published import usual_ports
from cli.get_uv import INDEX

#: What Airflow's own compose file asks for: https://airflow.apache.org/docs/apache-airflow/2.10.2/docker-compose.yaml
CONTAINERS_MEMORY_BYTES = 4e9
CONTAINERS_DISK_BYTES = 10e9
CONTAINERS_CORES = 2
#: Terraform's own registry, where a provider's source names none.
TERRAFORM_REGISTRY = "registry.terraform.io"


class Facts:
    """What the files of a clone say.

    :param repository: the clone's folder.
    """

    def __init__(self, repository: Path) -> None:
        self._repository = repository

    def pythons(self) -> list[str]:
        """The releases that Airflow supports, such as 3.10, from pyproject.toml."""
        oldest, after = self._found("pyproject.toml", r'^requires-python = ">=3\.(\d+),<3\.(\d+)"')
        return [f"3.{minor}" for minor in range(int(oldest), int(after))]

    def package_hosts(self) -> list[str]:
        """Where uv.lock has the packages' files."""
        (url,) = self._found("uv.lock", r'url = "(https://[^/"]+)/[^"]*\.whl"')
        return [url]

    def packages_bytes(self, commands_alone: bool) -> float:
        """The disk that Python's packages need, from cli/bootstrap.sh."""
        name = "COMMANDS_KILOBYTES" if commands_alone else "ALL_KILOBYTES"
        (kilobytes,) = self._found("cli/bootstrap.sh", rf"^{name}=(\d+)$")
        return int(kilobytes) * 1000.0

    def demo_bytes(self) -> float:
        """The disk that the demo's data need at scale 1, from cli/processes/platform.py."""
        path = "cli/processes/platform.py"
        (base,), (more,) = (self._found(path, rf"^{name} = (\S+)$") for name in ("DISK_BASE", "DISK_PER_SCALE"))
        return float(base) + float(more)

    def demo_memory_bytes(self) -> float:
        """The memory that the demo takes at scale 1, from cli/processes/platform.py."""
        (memory,) = self._found("cli/processes/platform.py", r"^MEMORY = (\S+)$")
        return float(memory)

    def demo_ports(self) -> dict[str, int]:
        """The demo's ports, unless they are changed: PORTS in the modules of cli/processes."""
        ports: dict[str, int] = {}
        for module in sorted((self._repository / "cli" / "processes").glob("*.py")):
            for text in re.findall(r"^PORTS = (\{.*?\})$", module.read_text(encoding="utf-8"), re.M | re.S):
                ports.update(ast.literal_eval(text))
        return ports

    def demo_udp(self) -> list[str]:
        """Those of the demo's ports that get packets, from cli/processes/monitoring.py."""
        (text,) = self._found("cli/processes/monitoring.py", r"^UDP = (\(.*\))$")
        return list(ast.literal_eval(text))

    def monitoring_programs(self) -> list[str]:
        """What the demo's monitoring needs on the PATH, from cli/processes/monitoring.py."""
        (text,) = self._found("cli/processes/monitoring.py", r"^PROGRAMS = (\(.*\))$")
        return list(ast.literal_eval(text))

    def stack_ports(self) -> dict[str, int]:
        """The ports of the stack in containers, unless they are changed, from terraform/variables.tf."""
        return usual_ports(self._repository / "terraform")

    def oldest_terraform(self) -> str:
        """The oldest Terraform, from terraform/versions.tf."""
        (oldest,) = self._found("terraform/versions.tf", r'required_version = ">= ([0-9.]+)"')
        return str(oldest)

    def images(self) -> dict[str, Image]:
        """The images that terraform/images.yaml pins."""
        (block,) = self._found("terraform/images.yaml", r"^pinned:\n((?:  .*\n)*)")
        return {name: read_image(text) for name, text in re.findall(r"^  (\w+): (\S+)", block, re.M)}

    def indexes(self, environment: Mapping[str, str]) -> list[str]:
        """The package indexes that cli/bootstrap.sh asks: by uv, and by pip for uv itself."""
        of_uv = environment.get("UV_DEFAULT_INDEX") or environment.get("UV_INDEX_URL") or INDEX
        of_pip = environment.get("PIP_INDEX_URL") or INDEX
        return sorted({of_uv.rstrip("/"), of_pip.rstrip("/")})

    def given(self) -> dict[str, str]:
        """The variables that `make up` was given, from terraform/given.json."""
        return {str(name): str(value) for name, value in self._json("terraform/given.json").items()}

    def kept_demo_ports(self) -> dict[str, int]:
        """The ports of the demo that this clone has; none without one."""
        return dict(self._json(".demo/settings.json").get("ports", {}))

    def has_stack(self) -> bool:
        """Whether `make up` has ended here, and no `make down` since."""
        return (self._repository / "terraform" / "endpoints.json").exists()

    def _found(self, path: str, pattern: str) -> tuple[str, ...]:
        text = (self._repository / path).read_text(encoding="utf-8")
        found = re.search(pattern, text, re.M)
        if found is None:
            raise LookupError(f"{path} does not say what `make doctor` looks for there: {pattern}")
        return found.groups()

    def _json(self, path: str) -> dict[str, Any]:
        try:
            content = json.loads((self._repository / path).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        return content if isinstance(content, dict) else {}
