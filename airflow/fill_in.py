"""Fill in an init file of Airflow from the environment.

    python airflow/fill_in.py airflow/airflow_connections_init.yaml > filled.yaml

Every ``${NAME}`` inside a string of the file (YAML or JSON) becomes the value of the environment variable. The rest
stays as it is. The script changes the parsed file, not its text, so no character in a password can break the file. A
value of digits alone stays a string: Airflow takes both.

Exits with code 2 and one sentence when the file can't be read or a variable is not set.
"""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

_NAME = re.compile(r"\$\{([A-Z0-9_]+)\}")


class FillInError(Exception):
    """The message is one sentence for a person."""


def fill_in(path: Path, environment: Mapping[str, str]) -> Any:
    """Read an init file and fill it in; returns its content.

    :raises FillInError: when the file is not YAML or JSON, or names variables that are not set.
    """
    try:
        content = yaml.safe_load(path.read_text())
    except (OSError, yaml.YAMLError) as error:
        raise FillInError(f"{path} can't be read: {error}") from error
    missing: set[str] = set()

    def replace(match: re.Match[str]) -> str:
        if match[1] not in environment:
            missing.add(match[1])
        return environment.get(match[1], "")

    def walk(value: Any) -> Any:
        if isinstance(value, str):
            return _NAME.sub(replace, value)
        if isinstance(value, list):
            return [walk(item) for item in value]
        if isinstance(value, dict):
            return {key: walk(item) for key, item in value.items()}
        return value

    filled = walk(content)
    if missing:
        raise FillInError(f"{path} needs these environment variables, which are not set: {', '.join(sorted(missing))}.")
    return filled


def main() -> int:
    if len(sys.argv) != 2:
        print("usage: python airflow/fill_in.py FILE", file=sys.stderr)
        return 2
    path = Path(sys.argv[1])
    try:
        filled = fill_in(path, os.environ)
    except FillInError as error:
        print(error, file=sys.stderr)
        return 2
    if path.suffix == ".json":
        print(json.dumps(filled, indent=2))
    else:
        print(yaml.safe_dump(filled, sort_keys=False), end="")
    return 0


if __name__ == "__main__":
    sys.exit(main())
