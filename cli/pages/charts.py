"""Lines over time, ready to be drawn: everything in percent of the plot, so that it fits any width.

The page stretches the lines to the width that it has, and sets the texts beside them in their own size.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from cli.pages import times
from cli.pages.units import in_unit, on_axis, steps

#: Moment in seconds since 1970, and value.
Point = tuple[float, float]
Series = Mapping[str, Sequence[Point]]
#: What happened => when.
Events = Mapping[str, Sequence[float]]

_COLOURS = (
    "#2f81f7", "#d9730d", "#2da44e", "#a371f7", "#cf222e", "#768390", "#0a9396", "#bf8700", "#db61a2", "#6f7d1c",
)  # fmt: skip
# Lines differ for those who see no colours, too.
_DASHES = ("", "7 4", "2 3", "10 3 2 3")


@dataclass(frozen=True)
class Line:
    """``path`` is for an SVG of 100 times 100; ``last`` is the newest value."""

    name: str
    path: str
    colour: str
    dash: str
    last: str


@dataclass(frozen=True)
class Chart:
    """``across`` and ``up`` are the axes' marks: percent from the left or the bottom, and text.

    ``summary`` is the chart in words. ``events`` are percents from the left, by what happened there.
    """

    lines: Sequence[Line]
    across: Sequence[tuple[float, str]]
    up: Sequence[tuple[float, str]]
    events: Mapping[str, Sequence[float]]
    summary: str
    filled: bool


def draw(
    series: Series,
    unit: str,
    *,
    decimals: int | None = None,
    highest: float | None = None,
    bars: bool = False,
    between: tuple[float, float] | None = None,
    events: Events | None = None,
) -> Chart | None:
    """Draw series as lines, or each value as a bar. None if there is nothing to draw.

    :param unit: of the values, as Grafana names it.
    :param highest: where the axis ends, at least.
    :param between: the times that the chart shows; without it, those of the values.
    :param events: moments to mark, by what happened.
    """
    known = {name: [point for point in points if math.isfinite(point[1])] for name, points in series.items()}
    known = {name: points for name, points in known.items() if points}
    if not known:
        return None
    moments = [at for points in known.values() for at, _ in points]
    start, end = between or (min(moments), max(moments))
    if end <= start:
        start, end = start - 30, end + 30
    largest = max(value for points in known.values() for _, value in points)
    up = steps(max(largest, highest or 0), unit, whole=decimals == 0)

    marked = {name: [at for at in moments if start <= at <= end] for name, moments in (events or {}).items()}
    marked = {name: moments for name, moments in marked.items() if moments}

    def x(at: float) -> float:
        return (at - start) / (end - start) * 100

    def y(value: float) -> float:
        return 100 - max(value, 0) / up[-1] * 100

    lines = []
    for number, (name, points) in enumerate(known.items()):
        path = (
            "".join(f"M{x(at):.2f} 100V{y(value):.2f}" for at, value in points)
            if bars
            else "".join(f"{'L' if joined else 'M'}{x(at):.2f} {y(value):.2f}" for at, value, joined in _joined(points))
        )
        dash = "" if bars else _DASHES[number % len(_DASHES)]
        last = in_unit(points[-1][1], unit, decimals)
        lines.append(Line(name, path, _COLOURS[number % len(_COLOURS)], dash, last))
    return Chart(
        lines=lines,
        across=[
            (at, text) for at, text in ((x(moment), text) for moment, text in times.marks(start, end)) if 0 <= at <= 100
        ],
        up=[(100 - y(value), on_axis(value, unit)) for value in up],
        events={name: [x(at) for at in moments] for name, moments in marked.items()},
        summary=" ".join(_in_words(known, unit, decimals, start, end, marked)),
        filled=bars,
    )


def _joined(points: Sequence[Point]) -> Iterator[tuple[float, float, bool]]:
    """The points, and whether a line leads to each. None does where values are missing."""
    gaps = sorted(later - sooner for (sooner, _), (later, _) in pairwise(points))
    usual = gaps[len(gaps) // 2] if gaps else 0
    before = -math.inf
    for number, (at, value) in enumerate(points):
        joined = at - before <= 2.5 * usual
        yield at, value, joined
        alone = not joined and (number + 1 == len(points) or points[number + 1][0] - at > 2.5 * usual)
        if alone:  # a line of no length is drawn as a dot
            yield at, value, True
        before = at


def _in_words(
    series: Series, unit: str, decimals: int | None, start: float, end: float, events: Events
) -> Iterator[str]:
    yield f"From {times.span(start, end)}."
    for name, points in series.items():
        values = [value for _, value in points]
        low, high, last = (in_unit(value, unit, decimals) for value in (min(values), max(values), values[-1]))
        yield f"{name or 'The value'} is between {low} and {high}, at the end {last}."
    for name, moments in events.items():
        yield f"{name}: {len(moments)}."
