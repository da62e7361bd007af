"""Grafana's own model of a dashboard: what in a dashboard's JSON it does not know.

It is published for Python as grafana-foundation-sdk, made from the schemas in Grafana's source.
"""

from __future__ import annotations

import enum
import json
import re
import typing
from collections.abc import Iterator
from typing import Any

Json = Any

# Grafana's source has no schema of it:
# https://github.com/grafana/grafana/blob/v11.6.1/public/app/plugins/panel/alertlist/types.ts
_WITHOUT_SCHEMA = {"alertlist"}


def unknown_words(board: Json) -> list[str]:
    """Words that the model drops, such as a misspelt option."""
    from grafana_foundation_sdk.cog.encoder import JSONEncoder
    from grafana_foundation_sdk.models.prometheus import Dataquery

    # What an annotation asks is its data source's own: the model of a dashboard has only the part of Grafana's own one.
    board = json.loads(json.dumps(board))
    asked = [annotation.pop("target") for annotation in board["annotations"]["list"]]
    for annotation in board["annotations"]["list"]:
        for words in ("titleFormat", "textFormat", "tagKeys"):
            annotation.pop(words)
    through = json.loads(JSONEncoder().encode(_load(board)))
    return [
        *_lost(board, through),
        *(word for target in asked for word in _lost(target, Dataquery.from_json(target).to_json())),
    ]


def unknown_values(board: Json) -> list[str]:
    """Kinds of panel, units, and values of options that have a list of values, which Grafana does not have."""
    from grafana_foundation_sdk.cog.runtime import Runtime
    from grafana_foundation_sdk.models import units

    outside = list(_outside(_load(board)))
    kinds = {panel["type"] for panel in board["panels"]} - Runtime().panelcfg_variants.keys() - _WITHOUT_SCHEMA
    known = {value for word, value in vars(units).items() if not word.startswith("_")}
    named = set(re.findall(r'"unit": "([^"]+)"', json.dumps(board)))
    return [*outside, *(f"the panel {kind}" for kind in kinds), *(f"the unit {unit}" for unit in named - known)]


def _load(board: Json) -> Any:
    from grafana_foundation_sdk.cog.plugins import register_default_plugins
    from grafana_foundation_sdk.models.dashboard import Dashboard

    register_default_plugins()
    board = json.loads(json.dumps(board))
    for annotation in board["annotations"]["list"]:
        annotation.pop("target", None)
    return Dashboard.from_json(board)


def _lost(one: Json, other: Json, path: str = "") -> Iterator[str]:
    if isinstance(one, dict):
        for name, value in one.items():
            if name in other:
                yield from _lost(value, other[name], f"{path}.{name}")
            elif value is not None:
                yield f"{path}.{name}"
    elif isinstance(one, list):
        assert len(one) == len(other), path
        for index, (mine, theirs) in enumerate(zip(one, other, strict=True)):
            yield from _lost(mine, theirs, f"{path}[{index}]")
    elif one != other:
        yield f"{path}: {one!r} became {other!r}"


def _outside(part: Any, path: str = "") -> Iterator[str]:
    if isinstance(part, list):
        for index, each in enumerate(part):
            yield from _outside(each, f"{path}[{index}]")
    elif isinstance(part, dict):
        for name, each in part.items():
            yield from _outside(each, f"{path}.{name}")
    elif hasattr(part, "to_json"):
        for name, kind in typing.get_type_hints(type(part)).items():
            value = getattr(part, name, None)
            known = {member.value for each in _enums(kind) for member in each}
            for one in value if isinstance(value, list) else [value]:
                if known and isinstance(one, (str, int)) and one not in known:
                    yield f"{path}.{name}: {one!r}"
            yield from _outside(value, f"{path}.{name}")


def _enums(kind: Any) -> Iterator[type[enum.Enum]]:
    if isinstance(kind, type) and issubclass(kind, enum.Enum):
        yield kind
    for part in typing.get_args(kind):
        yield from _enums(part)
