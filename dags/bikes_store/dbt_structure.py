"""A digest of what decides the tasks of the warehouse DAG: which models there are, and what they depend on.

Airflow makes the DAG from dbt's manifest, while each task reads the dbt project as it is then. When the two differ, a
task may build nothing, or no task builds a model. So the manifest carries the digest of the project that it was made
from (airflow/write_manifest.py), and it is compared whenever the DAG file is read. The rest of a file is not part of
the digest: an edited query, description or test counts in the next task, and the DAG stays as it is.
"""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

#: dbt copies the variables DBT_ENV_CUSTOM_ENV_NAME into the manifest, as NAME in its metadata.
NAME = "BIKES_STORE_STRUCTURE"
VARIABLE = f"DBT_ENV_CUSTOM_ENV_{NAME}"

# dbt writes the metadata first, and then megabytes of nodes.
_METADATA = 4096
_WRITTEN = re.compile(rf'"{NAME}": "([0-9a-f]+)"')
# What dbt writes into its project, and what makes no task of its own.
_LEFT_OUT = {"target", "logs", "dbt_packages", "tests", "analyses", "__pycache__"}
_CONFIGURATION = rb"\b(?:materialized|enabled|alias|schema|database|tags)['\"]?\s*[:=]\s*[^\n]+"
_SQL = re.compile(rb"\b(?:ref|source)\s*\([^)]*\)|\{%-?\s*snapshot\s+\w+|" + _CONFIGURATION)
# relation: a snapshot that is written in YAML alone. The paths are dbt_project.yml's.
_YAML = re.compile(rb"\b(?:relation|[a-z]+-paths)\s*:[^\n]+|" + _CONFIGURATION)
_PATTERNS = {".sql": _SQL, ".yml": _YAML, ".yaml": _YAML}


def structure(project: Path) -> str:
    """The digest of a dbt project, in hexadecimal. It takes 3 ms."""
    digest = hashlib.sha256()
    for path in sorted(_files(project)):
        found = _PATTERNS[path.suffix].findall(path.read_bytes())
        # A YAML file that configures nothing only describes.
        if found or path.suffix == ".sql":
            digest.update(repr((path.relative_to(project).as_posix(), sorted(set(found)))).encode())
    return digest.hexdigest()


def structure_of_manifest(manifest: Path) -> str | None:
    """The digest of the project that a manifest was made from, or None if it was made without one."""
    with manifest.open(errors="replace") as file:
        found = _WRITTEN.search(file.read(_METADATA))
    return found[1] if found else None


def _files(folder: Path) -> list[Path]:
    found = []
    for path in folder.iterdir():
        if path.is_dir():
            if path.name not in _LEFT_OUT and not path.name.startswith("."):
                found += _files(path)
        elif path.suffix in _PATTERNS:
            found.append(path)
    return found
