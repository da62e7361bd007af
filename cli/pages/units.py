"""Numbers as people read them, in the units that the dashboards name."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

#: What stands for a value that is missing.
MISSING = "–"

_SECONDS = ((86400, "days"), (3600, "h"), (60, "min"), (1, "s"), (0.001, "ms"))
_BYTES = ((2**40, "TiB"), (2**30, "GiB"), (2**20, "MiB"), (2**10, "KiB"), (1, "B"))
_THOUSANDS = ((1e9, "B"), (1e6, "M"), (1e3, "K"), (1, ""))


def in_unit(value: Any, unit: str, decimals: int | None = None) -> str:
    """A value in full, such as ``$1,234.50`` or ``3.2 min``.

    :param unit: as Grafana names it. Text is returned as it is, whatever the unit.
    :param decimals: how many to show; None for what suits the unit.
    """
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return MISSING
    if isinstance(value, str):
        return value
    number = float(value)
    if math.isinf(number):
        return "∞" if number > 0 else "-∞"
    if unit == "currencyUSD":
        return f"${value:,.{2 if decimals is None else decimals}f}"
    if unit == "percentunit":
        return f"{number * 100:.{1 if decimals is None else decimals}f} %"
    if unit in ("s", "bytes"):
        size, name = _size(number, unit)
        places = (1 if decimals is None else decimals) if number % size else 0
        return f"{number / size:,.{places}f} {name}"
    return f"{value:,.{decimals or 0}f}"


def on_axis(value: float, unit: str) -> str:
    """A value in short, such as ``$4M``, for the axis of a chart."""
    if unit == "percentunit":
        return f"{value * 100:g} %"
    size, name = _size(value, unit)
    space = " " if name and unit in ("s", "bytes") else ""
    return f"{'$' if unit == 'currencyUSD' else ''}{value / size:g}{space}{name}"


def steps(highest: float, unit: str, whole: bool = False) -> Sequence[float]:
    """From 0 to at least the highest value in three to six round steps: where an axis has its lines.

    :param whole: whether the values are whole numbers, which have no line between 0 and 1.
    """
    if not highest > 0:
        return (0.0, 1.0)
    size, _ = _size(highest, unit)
    rough = highest / size / 4
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(times * power for times in (1, 2, 2.5, 5, 10) if times * power >= rough * 0.999) * size
    if whole:
        step = max(1.0, float(math.ceil(step)))
    return [step * number for number in range(math.ceil(highest / step * 0.999) + 1)]


def _size(value: float, unit: str) -> tuple[float, str]:
    """The largest size of the unit that the value fills, and its name."""
    sizes = {"s": _SECONDS, "bytes": _BYTES}.get(unit, _THOUSANDS)
    return next(
        ((size, name) for size, name in sizes if abs(value) >= size), (1, dict(sizes)[1]) if not value else sizes[-1]
    )
