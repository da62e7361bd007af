"""Write the pages of a demo: one for each of Grafana's dashboards and one for the lineage, with a menu."""

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
from cli.pages.panels import body
from cli.pages.prometheus import Metrics, wait_until_read
from cli.pages.times import span
from cli.pages.warehouse import Marts
from cli.paths import DEMO_HOME, REPOSITORY, manifest_in

#: The dashboards, in the order of the menu.
PAGES = ("sales", "pipeline", "platform")
LINEAGE = "lineage"
#: All pages, in the order of the menu.
MENU = (*PAGES, LINEAGE)

DASHBOARDS = REPOSITORY / "grafana" / "dashboards"
_TEMPLATE = Path(__file__).with_name("page.html")
_NO_PROMETHEUS = (
    "Nothing collected metrics, so there is nothing to show: install prometheus and statsd_exporter, and the next"
    " `make demo` shows them here."
)
_NO_ANSWER = "Prometheus did not answer at {}, so there is nothing to show: look at its log and run the demo again."


def refresh_pages(console: Console, endpoints: Endpoints) -> None:
    """Write the pages of the demo after a run. What hinders it is a sentence and no error: the run itself is over."""
    prometheus = endpoints.prometheus_url or None
    with console.status("Writing the pages"):
        if prometheus:
            wait_until_read(prometheus)
        try:
            write_pages(DEMO_HOME, endpoints.warehouse_dsn, prometheus)
            (DEMO_HOME / f"{LINEAGE}.html").write_text(make_lineage_page(manifest_in(DEMO_HOME)))
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
    with connect(warehouse_dsn) as connection:
        for name, path in zip(PAGES, written, strict=True):
            path.write_text(make_page(name, connection, prometheus_url, at))
    return written


def make_page(name: str, warehouse: Any, prometheus_url: str | None, now: float) -> str:
    """The HTML of one page.

    :param name: of the dashboard's file, without its ending.
    :param warehouse: a connection; a page that asks Prometheus needs none.
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
    return _render(
        name=name,
        title=board["title"],
        description=board["description"],
        written=f"{datetime.fromtimestamp(now, timezone.utc):%d %B %Y, %H:%M} UTC",
        span=f"It shows {span(window.start, window.end)}." if window else "",
        problem=problem,
        panels=panels,
    )


def make_lineage_page(manifest: Path) -> str:
    """The HTML of the page that shows where data comes from and where it goes.

    :param manifest: dbt's; when it is missing or can't be drawn, the page says so.
    """
    problem, drawing = "", ""
    try:
        drawing = make_drawings(read_lineage(manifest))
    except FileNotFoundError:
        problem = f"dbt's manifest is missing at {manifest}, so there is nothing to draw: `make demo` writes it."
    except ValueError as error:
        problem = f"The lineage can't be drawn: {error}"
    return _render(
        name=LINEAGE,
        title="Lineage",
        description="What each table is made from and where it goes: from the source over lake, staging area and dbt's"
        " models to the dashboards.",
        problem=problem,
        drawing=Markup(drawing),  # noqa: S704 - its template has escaped what is in it
    )


def _render(**values: Any) -> str:
    template = Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True).from_string(_TEMPLATE.read_text())
    titles = [json.loads((DASHBOARDS / f"{page}.json").read_text())["title"] for page in PAGES]
    return template.render(menu=list(zip(MENU, (*titles, "Lineage"), strict=True)), **values)


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
