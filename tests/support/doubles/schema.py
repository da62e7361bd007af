"""The compact schema tables in schemas/, and their form for Terraform."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tf.gen import tfplugin_pb2 as pb

FOLDER = Path(__file__).resolve().parent / "schemas"
_TYPES: dict[str, Any] = {
    "s": "string",
    "n": "number",
    "b": "bool",
    "l": ["list", "string"],
    "set": ["set", "string"],
    "m": ["map", "string"],
}
_FLAGS = {"R": "required", "O": "optional", "C": "computed", "S": "sensitive"}


@dataclass(frozen=True)
class Attribute:
    type: Any
    flags: str
    default: Any = None

    def to_pb(self, name: str) -> pb.Schema.Attribute:
        from tf.gen import tfplugin_pb2 as pb

        flags = {word: True for letter, word in _FLAGS.items() if letter in self.flags}
        return pb.Schema.Attribute(name=name, type=json.dumps(self.type).encode(), **flags)


@dataclass
class Block:
    """A resource, a provider's configuration, or a block inside one of them."""

    nesting: str = "single"
    least: int = 0
    most: int = 0
    flags: str = ""
    attributes: dict[str, Attribute] = field(default_factory=dict)
    blocks: dict[str, Block] = field(default_factory=dict)

    def to_pb(self) -> pb.Schema.Block:
        from tf.gen import tfplugin_pb2 as pb

        return pb.Schema.Block(
            attributes=[attribute.to_pb(name) for name, attribute in sorted(self.attributes.items())],
            block_types=[
                pb.Schema.NestedBlock(
                    type_name=name,
                    block=block.to_pb(),
                    min_items=block.least,
                    max_items=block.most,
                    nesting=pb.Schema.NestedBlock.NestingMode.Value(block.nesting.upper()),
                )
                for name, block in sorted(self.blocks.items())
            ],
        )

    def walk(self, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Attribute]]:
        """Every attribute with its path, including those of inner blocks."""
        for name, attribute in self.attributes.items():
            yield (*path, name), attribute
        for name, block in self.blocks.items():
            yield from block.walk((*path, name))


@dataclass
class Schema:
    source: str
    provider: Block
    resources: dict[str, Block]


def read_schema(name: str) -> Schema:
    """Read schemas/NAME.txt."""
    schema = Schema("", Block(), {})
    open_blocks = [schema.provider]
    for line in (FOLDER / f"{name}.txt").read_text().splitlines():
        words = line.split()
        if not words or words[0] == "#" or words[0].startswith("#"):
            continue
        depth = (len(line) - len(line.lstrip())) // 2
        if depth == 0:
            if words[0] == "source":
                schema.source = words[1]
            elif words[0] == "resource":
                open_blocks = [schema.resources.setdefault(words[1], Block())]
            continue
        del open_blocks[depth:]
        if words[0].startswith("{"):
            block = Block(words[1], int(words[2]), int(words[3]), words[4] if len(words) > 4 else "")
            open_blocks[-1].blocks[words[0].strip("{}")] = block
            open_blocks.append(block)
        else:
            default = json.loads(words[3].removeprefix("=")) if len(words) > 3 else None
            open_blocks[-1].attributes[words[0]] = Attribute(_TYPES[words[1]], words[2], default)
    return schema
