"""The lineage as a drawing: a column for each station, a box for each table, a line from a table to what reads it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from jinja2 import Environment

from bikes_store.tables import TABLES
from cli.lineage import STATIONS, Lineage, Node

_TEMPLATE = Path(__file__).with_name("lineage.html")

_HEADS = {
    "source": "source", "lake": "lake", "staging": "staging", "dimensions": "dimensions", "intermediate": "steps",
    "facts": "facts", "marts": "marts", "dashboards": "dashboards",
}  # fmt: skip
# A node counts once: lake and staging area have the tables of the source.
_COUNTED = {
    "source": ("table of the source", "tables of the source"), "dimensions": ("dimension", "dimensions"),
    "intermediate": ("step", "steps"), "facts": ("fact", "facts"), "marts": ("mart", "marts"),
    "dashboards": ("dashboard", "dashboards"),
}  # fmt: skip
_LETTER = 6.62  # the width of a letter of 11 pixels, in any font of equal widths
_LINE, _INDENT, _PADDING, _BETWEEN, _TOP = 13, 5, 4, 8, 26
_SWEEPS = 12  # to have few lines cross; more change nothing
_SAME_HEIGHT = STATIONS[:3]  # a table at the source, in the lake, in the staging area


@dataclass(frozen=True)
class Shape:
    """How wide a drawing may be: letters of a line, pixels between columns, what is left out of names, and which
    stations show none.
    """

    name: str
    letters: int
    gap: int
    schemas: bool
    nameless: tuple[str, ...]


#: For half a screen and for a whole one.
SHAPES = (Shape("narrow", 14, 12, False, ("lake", "staging")), Shape("wide", 40, 33, True, ("lake",)))


@dataclass(frozen=True)
class Box:
    """A node in its place. ``told`` is what is said of it in words."""

    node: Node
    x: float
    y: float
    width: float
    height: float
    lines: Sequence[str]
    told: str

    @property
    def middle(self) -> float:
        return self.y + self.height / 2


@dataclass(frozen=True)
class Drawing:
    """``heads`` are the columns' names and middles; ``curves`` are the lines, with the ids of both ends."""

    shape: str
    width: float
    height: float
    heads: Sequence[tuple[str, float]]
    boxes: Sequence[Box]
    curves: Sequence[tuple[str, str, str]]


def make_drawings(lineage: Lineage) -> str:
    """The HTML of both drawings, with their style and script, to be put into a page."""
    environment = Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True)
    return environment.from_string(_TEMPLATE.read_text()).render(drawings=[draw(lineage, shape) for shape in SHAPES])


def draw(lineage: Lineage, shape: Shape) -> Drawing:
    """Give every node its place."""
    columns = _in_order(lineage)
    lines = {node.id: _lines(node, shape) for nodes in columns.values() for node in nodes}
    heights = {name: len(text) * _LINE + 2 * _PADDING for name, text in lines.items()}
    # One height for a table's boxes before the models, so that they are in a row.
    for station in _SAME_HEIGHT:
        heights |= {node.id: heights[f"source.{node.id.split('.')[1]}"] for node in columns[station]}
    full = max(sum(heights[node.id] + _BETWEEN for node in nodes) for nodes in columns.values())
    boxes: list[Box] = []
    heads = []
    x = 1.0
    for station, nodes in columns.items():
        letters = [len(line) for node in nodes for line in lines[node.id]]
        width = max(max(letters, default=3) * _LETTER, len(_HEADS[station]) * _LETTER * bool(letters)) + 2 * _INDENT
        free = (full - sum(heights[node.id] for node in nodes)) / len(nodes)
        y = _TOP + free / 2
        for node in nodes:
            boxes.append(Box(node, x, y, width, heights[node.id], lines[node.id], _told(lineage, node)))
            y += heights[node.id] + free
        heads.append((_HEADS[station], x + width / 2))
        x += width + shape.gap
    places = {box.node.id: box for box in boxes}
    curves = [(read, reader, _curve(places[read], places[reader], shape.gap)) for read, reader in sorted(lineage.edges)]
    return Drawing(shape.name, x - shape.gap + 1, full + _TOP, heads, boxes, curves)


def _in_order(lineage: Lineage) -> dict[str, list[Node]]:
    """The nodes of each station from top to bottom: near the middle of what they are joined to.

    What is the same table at the source, in the lake and in the staging area is at the same height.
    """
    columns = {station: [n for n in lineage.nodes.values() if n.station == station] for station in STATIONS}
    joined: dict[str, list[str]] = {name: [] for name in lineage.nodes}
    for read, reader in lineage.edges:
        if lineage.nodes[reader].station not in _SAME_HEIGHT:
            joined[read].append(reader)
            joined[reader].append(read)
    moved = [station for station in STATIONS[2:] if columns[station]]
    height = {node.id: 0.5 for node in lineage.nodes.values()}
    for sweep in range(_SWEEPS):
        for station in moved if sweep % 2 else reversed(moved):
            middle = {node.id: _mean([height[other] for other in joined[node.id]]) for node in columns[station]}
            columns[station].sort(key=lambda node, middle=middle: middle[node.id])  # type: ignore[misc]
            height |= {node.id: (place + 0.5) / len(middle) for place, node in enumerate(columns[station])}
    order = {node.id.split(".")[1]: place for place, node in enumerate(columns["staging"])}
    for station in _SAME_HEIGHT[:2]:
        columns[station].sort(key=lambda node: order[node.id.split(".")[1]])
    return {station: nodes for station, nodes in columns.items() if nodes}


def _mean(heights: Sequence[float]) -> float:
    """The middle of some heights; below everything for what is joined to nothing."""
    return sum(heights) / len(heights) if heights else 1


def _lines(node: Node, shape: Shape) -> list[str]:
    """A node's name, broken where it is too long for a line."""
    if node.station in shape.nameless:
        return []
    if len(node.name) <= shape.letters and shape.schemas:
        return [node.name]
    lines = [""]
    for word in _words(node.name.rsplit(".", 1)[-1]):
        if lines[-1] and len(lines[-1]) + len(word) > shape.letters:
            lines.append("")
        lines[-1] += word
    return lines


def _words(name: str) -> Iterator[str]:
    """The parts of a name. Those of the source have no mark between them, but begin as another table does."""
    if "_" in name:
        *before, last = name.split("_")
        yield from (f"{word}_" for word in before)
        yield last
        return
    begin = max((table for table in TABLES if name.startswith(table) and name != table), key=len, default="")
    yield from filter(None, (begin, name[len(begin) :]))


def _curve(read: Box, reader: Box, gap: int) -> str:
    """A path from the right side of a box to the left side of another, or around to one of the same column."""
    start, end = read.x + read.width, reader.x
    if end <= start:
        return f"M{start:.1f} {read.middle:.1f}C{start + gap:.1f} {read.middle:.1f} {start + gap:.1f}" + (
            f" {reader.middle:.1f} {start:.1f} {reader.middle:.1f}"
        )
    bend = max((end - start) / 2, gap / 2)
    return f"M{start:.1f} {read.middle:.1f}C{start + bend:.1f} {read.middle:.1f} {end - bend:.1f}" + (
        f" {reader.middle:.1f} {end:.1f} {reader.middle:.1f}"
    )


def _told(lineage: Lineage, node: Node) -> str:
    """Where the node is, the first sentence about it, and how much is before and after it."""
    ways = [("Made from", lineage.before(node.id)), ("Goes to", lineage.after(node.id))]
    counts = [f"{verb} {counted}." for verb, ids in ways if (counted := _counted(lineage.nodes, ids))]
    return " ".join([f"{node.place}.", f"{node.description.strip().split('. ')[0].rstrip('.')}.", *counts])


def _counted(nodes: Mapping[str, Node], ids: set[str]) -> str:
    """How many there are of each kind, such as ``2 tables of the source, 1 mart``."""
    numbers = {words: sum(nodes[name].station == station for name in ids) for station, words in _COUNTED.items()}
    return ", ".join(f"{number} {words[number != 1]}" for words, number in numbers.items() if number)
