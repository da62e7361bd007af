"""Write the pages of a demo: the report of the last run, the dashboards, the lineage; with a menu."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import psycopg2
import requests
from jinja2 import Environment
from markupsafe import Markup
from rich.console import Console
from rich.markup import escape

from cli.database import connect
from cli.endpoints import Endpoints
from cli.lineage import read_lineage
from cli.pages import alerts
from cli.pages.answers import Source, all_values
from cli.pages.lineage import make_drawings
from cli.pages.menu import DASHBOARDS, LINEAGE, PAGES, REPORT, Menu, menu_of, title_of
from cli.pages.panels import body
from cli.pages.prometheus import Metrics, wait_until_read
from cli.pages.times import span
from cli.pages.warehouse import Marts
from cli.paths import DEMO_HOME, manifest_in
from cli.run import Result
from cli.sections import Section

_LINE = 24  # columns of a page, as in Grafana
_FEW = 4  # columns of a table that has room in half a line
_TEMPLATE = Path(__file__).with_name("page.html")
_NO_PROMETHEUS = (
    "Nothing collected metrics, so there is nothing to show: install prometheus and statsd_exporter, and the next"
    " `make demo` shows them here."
)
_NO_ANSWER = "Prometheus did not answer at {}, so there is nothing to show: look at its log and run the demo again."


def refresh_pages(console: Console, endpoints: Endpoints, result: Result | None) -> None:
    """Write the pages of the demo after a run. What hinders it is a sentence and no error: the run itself is over.

    :param result: what the run came to; None leaves the report of the last run as it is.
    """
    if result:
        report = make_report_page(result, time.time(), menu_of(DEMO_HOME))
        (DEMO_HOME / f"{REPORT}.html").write_text(report)
    prometheus = endpoints.prometheus_url or None
    with console.status("Writing the pages"):
        if prometheus:
            wait_until_read(prometheus)
        try:
            write_pages(DEMO_HOME, endpoints.warehouse_dsn, prometheus)
            (DEMO_HOME / f"{LINEAGE}.html").write_text(make_lineage_page(manifest_in(DEMO_HOME), menu_of(DEMO_HOME)))
        except psycopg2.Error as error:
            reason = str(error).splitlines()[0]
            console.print(f"The pages in {DEMO_HOME.name}/ are as they were: the warehouse says {escape(reason)}")


def write_pages(folder: Path, warehouse_dsn: str, prometheus_url: str | None, now: float | None = None) -> list[Path]:
    """Write all pages with what warehouse and Prometheus hold now; returns them in the order of the menu.

    :param prometheus_url: None if there is no Prometheus; then the pages about it say so.
    :param now: seconds since 1970; None for this moment.
    """
    written = [folder / f"{name}.html" for name in PAGES]
    at = time.time() if now is None else now
    menu = menu_of(folder)
    with connect(warehouse_dsn) as connection:
        for name, path in zip(PAGES, written, strict=True):
            path.write_text(make_page(name, connection, prometheus_url, at, menu))
    return written


def make_page(name: str, warehouse: Any, prometheus_url: str | None, now: float, menu: Menu | None = None) -> str:
    """The HTML of one page.

    :param name: of the dashboard's file, without its ending.
    :param warehouse: a connection; a page that asks Prometheus needs none.
    :param menu: None for the pages that each demo has.
    """
    board = json.loads((DASHBOARDS / f"{name}.json").read_text())
    variables = all_values(board)
    problem, window, panels = "", None, []
    if not _asks_prometheus(board):
        panels = list(_panels(board, {"warehouse": Marts(warehouse, variables)}, None))
    elif prometheus_url is None:
        problem = _NO_PROMETHEUS
    else:
        try:
            metrics = Metrics(prometheus_url, now, board["time"]["from"], variables)
            panels, window = list(_panels(board, {"prometheus": metrics}, metrics)), metrics.window
        except requests.RequestException:
            problem = _NO_ANSWER.format(prometheus_url)
    shown = f"It shows {span(window.start, window.end)}." if window else ""
    return render(
        name,
        menu,
        title=board["title"],
        description=board["description"],
        written=_moment(now),
        span=shown,
        problem=problem,
        panels=panels,
    )


def make_report_page(result: Result, now: float, menu: Menu | None = None) -> str:
    """The HTML of the page of the last run.

    :param now: seconds since 1970.
    :param menu: None for the pages that each demo has.
    """
    panels: list[dict[str, Any]] = []
    column, line = 0, 1
    for number, each in enumerate(result.sections, 1):
        # Small tables stand beside each other.
        width = _LINE if len(each.columns) > _FEW or each.lines else _LINE // 2
        if column + width > _LINE:
            column, line = 0, line + 1
        panels.append(
            {
                "id": number,
                "title": each.title,
                "description": each.note,
                "place": {"x": column + 1, "w": width, "y": line, "h": 1},
                "body": _of_section(each),
            }
        )
        column += width
    return render(REPORT, menu, title=title_of(REPORT), description=result.verdict, written=_moment(now), panels=panels)


def _of_section(shown: Section) -> dict[str, Any]:
    """The inside of a panel, see :func:`cli.pages.panels.body`."""
    if not shown.rows:
        return {"lines": shown.lines}
    cells = [
        [(cell, "red" if row.wrong and place == 0 else "") for place, cell in enumerate(row.cells)]
        for row in shown.rows
    ]
    return {"table": {"columns": [(name, shown.is_number(name)) for name in shown.columns], "rows": cells}}


def make_lineage_page(manifest: Path, menu: Menu | None = None) -> str:
    """The HTML of the page that shows where data comes from and where it goes.

    :param manifest: dbt's; when it is missing or can't be drawn, the page says so.
    :param menu: None for the pages that each demo has.
    """
    problem, drawing = "", ""
    try:
        drawing = make_drawings(read_lineage(manifest))
    except FileNotFoundError:
        problem = f"dbt's manifest is missing at {manifest}, so there is nothing to draw: `make demo` writes it."
    except ValueError as error:
        problem = f"The lineage can't be drawn: {error}"
    return render(
        LINEAGE,
        menu,
        title=title_of(LINEAGE),
        description="What each table is made from and where it goes: from the source over lake, staging area and dbt's"
        " models to the dashboards.",
        problem=problem,
        drawing=Markup(drawing),  # noqa: S704 - its template has escaped what is in it
    )


def render(name: str, menu: Menu | None, **values: Any) -> str:
    """The HTML of a page.

    :param values: what page.html shows.
    """
    template = Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True).from_string(_TEMPLATE.read_text())
    return template.render(name=name, menu=menu_of() if menu is None else menu, **values)


def _moment(now: float) -> str:
    return f"{datetime.fromtimestamp(now, timezone.utc):%d %B %Y, %H:%M} UTC"


def _panels(board: dict[str, Any], sources: dict[str, Source], metrics: Metrics | None) -> Iterator[dict[str, Any]]:
    events = {note["name"]: metrics.events(note) for note in board["annotations"]["list"]} if metrics else {}
    window = metrics.window if metrics else None
    for panel in sorted(board["panels"], key=lambda panel: (panel["gridPos"]["y"], panel["gridPos"]["x"])):
        if panel["type"] == "alertlist":
            inside: dict[str, Any] = {"alerts": list(alerts.holding(metrics)) if metrics else []}
        else:
            inside = body(panel, sources[panel["datasource"]["uid"]], window, events)
        place = panel["gridPos"]
        yield {
            "id": panel["id"],
            "title": panel["title"],
            "description": panel["description"],
            "place": {"x": place["x"] + 1, "w": place["w"], "y": place["y"] + 1, "h": place["h"]},
            "body": inside,
        }


def _asks_prometheus(board: dict[str, Any]) -> bool:
    return any(panel.get("datasource", {}).get("uid") == "prometheus" for panel in board["panels"])
