"""Fill in the ${NAME} of a YAML file of deploy/kubernetes/.

A string that is nothing but ``${NAME}`` becomes the value as it is: a number, a list. Inside a longer string, it
becomes text. As in airflow/fill_in.py, the parsed file is changed, not its text: no character of a value can break it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

_NAME = re.compile(r"\$\{([A-Z_]+)\}")


def fill(path: Path, values: Mapping[str, Any]) -> list[Any]:
    """The documents of a file, filled in.

    :raises KeyError: when the file has a name that nobody gave.
    """
    return [_filled(document, values) for document in yaml.safe_load_all(path.read_text())]


def fill_one(path: Path, values: Mapping[str, Any]) -> Any:
    """The only document of a file, filled in."""
    (document,) = fill(path, values)
    return document


def merge(below: Any, above: Any) -> Any:
    """Two documents as Helm merges values: mappings key by key, of all else the one above."""
    if not isinstance(below, dict) or not isinstance(above, dict):
        return above
    return {**below, **{key: merge(below.get(key), value) for key, value in above.items()}}


def without_nulls(value: Any) -> Any:
    """A document without the keys that are null: on Kubernetes, they say nothing."""
    if isinstance(value, dict):
        return {key: without_nulls(item) for key, item in value.items() if item is not None}
    if isinstance(value, list):
        return [without_nulls(item) for item in value]
    return value


def dump(documents: list[Any]) -> str:
    """The text of documents, without YAML's anchors: each reader gets all of it in its place."""
    return yaml.dump_all(documents, Dumper=_Plain, sort_keys=False, allow_unicode=True, width=120)


class _Plain(yaml.SafeDumper):
    def ignore_aliases(self, data: Any) -> bool:
        return True


def _filled(value: Any, values: Mapping[str, Any]) -> Any:
    if isinstance(value, str):
        whole = _NAME.fullmatch(value)
        return values[whole[1]] if whole else _NAME.sub(lambda found: str(values[found[1]]), value)
    if isinstance(value, list):
        return [_filled(item, values) for item in value]
    if isinstance(value, dict):
        return {key: _filled(item, values) for key, item in value.items()}
    return value
