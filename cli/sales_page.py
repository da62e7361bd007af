"""The Sales dashboard as one HTML file, for a stack without Grafana. It has the same panels and the same SQL.

Both come from grafana/dashboards/sales.json. The HTML file loads nothing from elsewhere.
"""

from __future__ import annotations

import base64
import io
import json
import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from decimal import Decimal
from pathlib import Path
from typing import Any

from jinja2 import Environment

from cli.database import connect
from cli.paths import REPOSITORY

DASHBOARD = REPOSITORY / "grafana" / "dashboards" / "sales.json"
_TEMPLATE = Path(__file__).with_name("sales_page.html")
_COLOURS = ("#1f6feb", "#e8833a", "#2da44e", "#8250df", "#cf222e", "#57606a")
_PIXELS_PER_COLUMN, _PIXELS_PER_ROW = 50, 36  # of Grafana's grid: 24 columns
# The page shows all times and all territories.
_FROM, _TO = "'1990-01-01'", "now()"
_TERRITORIES = "(SELECT territory_name FROM warehouse.mart_sales_daily)"


@dataclass(frozen=True)
class Rows:
    """The result of a query."""

    columns: Sequence[str]
    values: Sequence[tuple[Any, ...]]


def write_sales_page(path: Path, warehouse_dsn: str) -> None:
    """Write the page with the figures that the marts hold now."""
    dashboard = json.loads(DASHBOARD.read_text())
    panels = [
        {
            "title": panel["title"],
            "description": panel["description"],
            "column": panel["gridPos"]["x"] + 1,
            "width": panel["gridPos"]["w"],
            "row": panel["gridPos"]["y"] + 1,
            "height": panel["gridPos"]["h"],
            "body": _RENDER[panel["type"]](panel, rows),
        }
        for panel, rows in _ask(dashboard, warehouse_dsn)
    ]
    page = Environment(autoescape=True).from_string(_TEMPLATE.read_text())
    written = f"{datetime.now(timezone.utc):%d %B %Y, %H:%M} UTC"
    html = page.render(title=dashboard["title"], description=dashboard["description"], written=written, panels=panels)
    path.write_text(html)


def fill_in(sql: str) -> str:
    """Fill in Grafana's macros and variables in a panel's SQL, for all times and all territories.

    https://grafana.com/docs/grafana/latest/datasources/postgres/#macros
    """
    sql = re.sub(r"\$__timeFilter\((\w+)\)", rf"\1 BETWEEN {_FROM} AND {_TO}", sql)
    sql = sql.replace("$__timeFrom()", _FROM).replace("$__timeTo()", _TO).replace("($territory)", _TERRITORIES)
    if "$" in sql:
        raise ValueError(f"a variable of Grafana is not filled in: {sql}")
    return sql


def _ask(dashboard: dict[str, Any], dsn: str) -> Iterator[tuple[dict[str, Any], Rows]]:
    with connect(dsn) as connection, connection.cursor() as cursor:
        for panel in dashboard["panels"]:
            cursor.execute(fill_in(panel["targets"][0]["rawSql"]))
            yield panel, Rows([column.name for column in cursor.description], cursor.fetchall())


def _stat(panel: dict[str, Any], rows: Rows) -> dict[str, Any]:
    ((value,),) = rows.values
    return {"number": _in_unit(value, panel["fieldConfig"]["defaults"]["unit"])}


def _table(panel: dict[str, Any], rows: Rows) -> dict[str, Any]:
    units = _units(panel, rows.columns)
    cells = [
        [(_in_unit(value, unit), not isinstance(value, str)) for value, unit in zip(row, units, strict=True)]
        for row in rows.values
    ]
    numeric = [any(is_number for _, is_number in column) for column in zip(*cells, strict=True)]
    names = [name.replace("_", " ") for name in rows.columns]
    return {"columns": list(zip(names, numeric or [False] * len(names), strict=True)), "rows": cells}


def _units(panel: dict[str, Any], columns: Sequence[str]) -> list[str]:
    """The unit of each column: the panel's, or what an override by name says."""
    config = panel["fieldConfig"]
    own = {
        override["matcher"]["options"]: each["value"]
        for override in config["overrides"]
        for each in override["properties"]
        if each["id"] == "unit"
    }
    return [own.get(name, config["defaults"]["unit"]) for name in columns]


def _lines(panel: dict[str, Any], rows: Rows) -> dict[str, Any]:
    """Draw rows of time, metric, value: as lines, or as bars if the panel says so."""
    style = panel["fieldConfig"]["defaults"].get("custom", {}).get("drawStyle", "line")
    from matplotlib.dates import AutoDateLocator, ConciseDateFormatter

    series: dict[str, list[tuple[datetime, float]]] = defaultdict(list)
    for moment, name, value in rows.values:
        series[name].append((moment, float(value)))

    def draw(axes: Any) -> None:
        for colour, (name, points) in zip(_COLOURS, series.items(), strict=False):
            moments, values = zip(*points, strict=True)
            if style == "bars":
                axes.vlines(moments, 0, values, label=name, color=colour, linewidth=1)
            else:
                axes.plot(moments, values, label=name, color=colour, linewidth=1.8)
        locator = AutoDateLocator(minticks=3, maxticks=8)
        axes.xaxis.set_major_locator(locator)
        axes.xaxis.set_major_formatter(ConciseDateFormatter(locator))
        axes.legend(frameon=False, loc="lower right", bbox_to_anchor=(1, 1), borderaxespad=0, ncols=len(series))
        axes.set_ylim(bottom=0)

    return {"chart": _draw(panel, draw)}


def _bars(panel: dict[str, Any], rows: Rows) -> dict[str, Any]:
    """Draw rows of label, value as bars, the largest on top."""
    labels = [str(row[0]) for row in rows.values][::-1]
    values = [float(row[-1]) for row in rows.values][::-1]

    def draw(axes: Any) -> None:
        axes.barh(labels, values, color=_COLOURS[0])

    return {"chart": _draw(panel, draw, horizontal=True)}


_RENDER: dict[str, Callable[[dict[str, Any], Rows], dict[str, Any]]] = {
    "stat": _stat,
    "table": _table,
    "timeseries": _lines,
    "piechart": _bars,
    "barchart": _bars,
}


def _draw(panel: dict[str, Any], draw: Callable[[Any], None], horizontal: bool = False) -> str:
    """Draw a chart; returns it as an SVG in a data URL."""
    from matplotlib.figure import Figure
    from matplotlib.ticker import FuncFormatter

    width = panel["gridPos"]["w"] * _PIXELS_PER_COLUMN
    height = panel["gridPos"]["h"] * _PIXELS_PER_ROW - 60
    figure = Figure(figsize=(width / 100, height / 100), layout="constrained")
    axes = figure.subplots()
    draw(axes)
    sign = "$" if panel["fieldConfig"]["defaults"]["unit"] == "currencyUSD" else ""
    short = FuncFormatter(lambda value, _: sign + _short(value))
    (axes.xaxis if horizontal else axes.yaxis).set_major_formatter(short)
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(axis="x" if horizontal else "y", alpha=0.3)
    buffer = io.BytesIO()
    figure.savefig(buffer, format="svg", transparent=True)
    return f"data:image/svg+xml;base64,{base64.b64encode(buffer.getvalue()).decode()}"


def _in_unit(value: Any, unit: str) -> str:
    if value is None:
        return "–"
    if isinstance(value, str):
        return value
    if unit == "currencyUSD":
        return f"${value:,.2f}"
    if unit == "percentunit":
        return f"{value * 100:.1f} %"
    return f"{value:,.0f}" if isinstance(value, (int, float, Decimal)) else str(value)


def _short(value: float) -> str:
    for size, letter in ((1e9, "B"), (1e6, "M"), (1e3, "K")):
        if abs(value) >= size:
            return f"{value / size:g}{letter}"
    return f"{value:g}"
