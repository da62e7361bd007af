"""The doubles' compact schema tables agree with the schemas of the real providers."""

from __future__ import annotations

import json
import re

import pytest

from tests.support.doubles.schema import Block, read_schema
from tests.support.needs import SHARED

REAL = SHARED / "provider-schemas"
FLAGS = {"R": "required", "O": "optional", "C": "computed", "S": "sensitive"}
needs_schemas = pytest.mark.skipif(not REAL.is_dir(), reason=f"the providers' schemas are not in {REAL}")


@needs_schemas
@pytest.mark.parametrize(("name", "file"), [("docker", "docker_schema.json"), ("grafana", "grafana.json")])
def test_table_agrees_with_the_real_schema(name, file):
    schema = read_schema(name)
    real = json.loads((REAL / file).read_text())["provider_schemas"][schema.source]
    compare(schema.provider, real["provider"]["block"], "provider")
    for kind, block in schema.resources.items():
        compare(block, real["resource_schemas"][kind]["block"], kind)


@needs_schemas
def test_minio_table_agrees_with_the_real_schema():
    """The real schema is kept as text: name, type, flags."""
    text = (REAL / "minio.dsl").read_text()
    types = {"string": "s", "number": "n", "bool": "b"}
    for kind, block in read_schema("minio").resources.items():
        section = re.search(rf"^resource {kind}\n((?:  .*\n?)*)", text, re.MULTILINE)
        assert section, kind
        for path, attribute in block.walk():
            flags = attribute.flags.replace("F", "")
            pattern = rf"^{'  ' * len(path)}{path[-1]} {types[attribute.type]} ([A-Z]+)"
            real = re.search(pattern, section[1], re.MULTILINE)
            assert real, (kind, path)
            assert real[1].replace("F", "") == flags, (kind, path)


def compare(block: Block, real, path):
    for name, attribute in block.attributes.items():
        found = real["attributes"][name]
        assert found["type"] == attribute.type, (path, name)
        assert {word for word in FLAGS.values() if found.get(word)} == {
            word for letter, word in FLAGS.items() if letter in attribute.flags
        }, (path, name)
    for name, inner in block.blocks.items():
        found = real["block_types"][name]
        assert found["nesting_mode"] == inner.nesting, (path, name)
        assert (found.get("min_items", 0), found.get("max_items", 0)) == (inner.least, inner.most), (path, name)
        compare(inner, found["block"], f"{path}.{name}")
