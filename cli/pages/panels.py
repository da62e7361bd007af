"""What is inside a panel, ready for the page's template."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from cli.pages.answers import Panel, Source, Window
from cli.pages.charts import Events, draw
from cli.pages.units import in_unit

Body = dict[str, Any]

_NOTHING = "No data."
# Colours of thresholds that ask for attention.
_ATTENTION = ("red", "orange")


def body(panel: Panel, source: Source, window: Window | None, events: Events) -> Body:
    """The inside of a panel: one of ``tiles``, ``bars``, ``chart``, ``table``, or a sentence as ``nothing``.

    :param window: the time that the page shows; None if it shows all times.
    :param events: moments to mark in charts, by what happened.
    """
    if panel["type"] == "timeseries":
        return _lines(panel, source, window, events)
    return _RENDER[panel["type"]](panel, source)


def _tiles(panel: Panel, source: Source) -> Body:
    defaults = panel["fieldConfig"]["defaults"]
    coloured = panel["options"].get("colorMode") != "none"
    shown = [
        (name, _text(value, defaults), _colour(value, defaults) if coloured else "")
        for name, value in source.values(panel)
        if value is not None
    ]
    return {"tiles": shown} if shown else _nothing(panel)


def _bars(panel: Panel, source: Source) -> Body:
    defaults = panel["fieldConfig"]["defaults"]
    found = [(name, float(value)) for name, value in source.values(panel) if value is not None]
    largest = max((value for _, value in found), default=0) or 1
    bars = [
        (name, max(value, 0) / largest * 100, _text(value, defaults), _colour(value, defaults)) for name, value in found
    ]
    return {"bars": bars} if bars else _nothing(panel)


def _lines(panel: Panel, source: Source, window: Window | None, events: Events) -> Body:
    defaults = panel["fieldConfig"]["defaults"]
    chart = draw(
        source.series(panel),
        defaults["unit"],
        decimals=defaults.get("decimals"),
        highest=defaults.get("max"),
        bars=defaults.get("custom", {}).get("drawStyle") == "bars",
        between=(window.start, window.end) if window else None,
        events=events,
    )
    return {"chart": chart} if chart else _nothing(panel)


def _table(panel: Panel, source: Source) -> Body:
    found = source.table(panel)
    if not found.rows:
        return _nothing(panel)
    defaults = panel["fieldConfig"]["defaults"]
    configs = [defaults | _own(panel, name) for name in found.columns]
    rows = list(found.rows)
    for sort in reversed(panel["options"].get("sortBy", [])):
        place = found.columns.index(sort["displayName"])
        rows.sort(key=lambda row: (row[place] is not None, row[place]), reverse=sort["desc"])
    numeric = [any(not isinstance(row[place], (str, type(None))) for row in rows) for place in range(len(configs))]
    cells = [
        [
            (_text(value, config), _colour(value, config) if "thresholds" in _own(panel, name) else "")
            for value, config, name in zip(row, configs, found.columns, strict=True)
        ]
        for row in rows
    ]
    names = [name.replace("_", " ") for name in found.columns]
    return {"table": {"columns": list(zip(names, numeric, strict=True)), "rows": cells}}


_RENDER: Mapping[str, Callable[[Panel, Source], Body]] = {
    "stat": _tiles,
    "table": _table,
    "bargauge": _bars,
    "piechart": _bars,
    "barchart": _bars,
}


def _nothing(panel: Panel) -> Body:
    return {"nothing": panel["fieldConfig"]["defaults"].get("noValue", _NOTHING)}


def _own(panel: Panel, column: str) -> dict[str, Any]:
    """What an override by name says of a column."""
    return {
        each["id"]: each["value"]
        for override in panel["fieldConfig"]["overrides"]
        if override["matcher"]["options"] == column
        for each in override["properties"]
    }


def _text(value: Any, config: Mapping[str, Any]) -> str:
    """A value as its mappings or its unit say."""
    for mapping in config.get("mappings", []):
        if isinstance(value, float) and (found := mapping["options"].get(f"{value:g}")):
            return str(found["text"])
    return in_unit(value, config["unit"], config.get("decimals"))


def _colour(value: Any, config: Mapping[str, Any]) -> str:
    """``red`` or ``orange`` for a value that its thresholds colour so; ``good`` for one of another colour.

    Empty for a text, or where there is only one colour.
    """
    steps = config.get("thresholds", {}).get("steps", [])
    if len(steps) < 2 or value is None or isinstance(value, str):
        return ""
    colour = [step["color"] for step in steps if step["value"] is None or value >= step["value"]][-1]
    return colour if colour in _ATTENTION else "good"
