"""Ask Prometheus what a panel asks it."""

from __future__ import annotations

import math
import re
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

import requests

from cli.pages.answers import Panel, Table, Window, with_variables
from cli.pages.charts import Point, Series

_POINTS = 240  # of a line
_SHORTEST_STEP = 5  # seconds: how often the demo's metrics are read
_UNITS = {"h": 3600, "d": 86400}


def fill_in(expr: str, seconds: float, variables: Mapping[str, str]) -> str:
    """Fill in Grafana's own variables and those of the dashboard in a panel's PromQL.

    :param seconds: that the page or the dashboard shows.

    https://grafana.com/docs/grafana/latest/datasources/prometheus/template-variables/
    """
    return with_variables(expr, {"__range": f"{math.ceil(seconds)}s", "__rate_interval": "1m", **variables})


class Metrics:
    """Prometheus as a data source.

    :param url: of Prometheus.
    :param now: seconds since 1970.
    :param longest: how long a time to show, as a dashboard writes it: ``now-6h``. It is less if there are no metrics as
        old as that.
    :param variables: of the dashboard => what each stands for.
    :raises requests.RequestException: when Prometheus does not answer; so do all methods.
    """

    def __init__(self, url: str, now: float, longest: str, variables: Mapping[str, str]) -> None:
        self._url, self._seconds, self._variables = url, _length(longest), variables
        self._now = now
        oldest = self.ask(f"min(min_over_time(timestamp(up)[{self._seconds}s:{_SHORTEST_STEP}s]))")
        self.window = Window(oldest[0][1] if oldest else now - self._seconds, now)

    def values(self, panel: Panel) -> Sequence[tuple[str, Any]]:
        return [
            (_legend(target["legendFormat"], labels), value)
            for target in panel["targets"]
            for labels, value in self.ask(target["expr"])
        ]

    def series(self, panel: Panel) -> Series:
        return {
            _legend(target["legendFormat"], labels): points
            for target in panel["targets"]
            for labels, points in self._ask_over_time(target["expr"])
        }

    def table(self, panel: Panel) -> Table:
        """Labels and values as columns, after Grafana's transformations "merge" and "organize"."""
        several = len(panel["targets"]) > 1
        rows: dict[tuple[tuple[str, str], ...], dict[str, Any]] = {}
        columns: list[str] = []
        for target in panel["targets"]:
            value_column = f"Value #{target['refId']}" if several else "Value"
            for labels, value in self.ask(target["expr"]):
                row = rows.setdefault(tuple(sorted(labels.items())), dict(labels))
                row[value_column] = value
                columns += [name for name in (*sorted(labels), value_column) if name not in columns]
        names = _organized(panel, columns)
        return Table(list(names.values()), [[row.get(name) for name in names] for row in rows.values()])

    def events(self, annotation: dict[str, Any]) -> list[float]:
        """When an annotation's query begins to have a value above nothing."""
        found = []
        for _, points in self._ask_over_time(annotation["target"]["expr"]):
            before = -math.inf
            for at, value in points:
                if value > 0 and at - before > 2 * self._step:
                    found.append(at)
                before = at if value > 0 else before
        return sorted(found)

    def ask(self, expr: str) -> list[tuple[dict[str, str], float]]:
        """The labels and the value of each series at the end of the window."""
        parameters = {"query": fill_in(expr, self._seconds, self._variables), "time": self._now}
        return [(series["metric"], float(series["value"][1])) for series in self._get("query", parameters)]

    def _ask_over_time(self, expr: str) -> list[tuple[dict[str, str], list[Point]]]:
        parameters = {"query": fill_in(expr, self._seconds, self._variables), "step": self._step}
        # Backwards from the end, so that the newest values are among them.
        steps = (self.window.end - self.window.start) // self._step
        parameters |= {"start": self.window.end - steps * self._step, "end": self.window.end}
        return [
            (series["metric"], [(float(at), float(value)) for at, value in series["values"]])
            for series in self._get("query_range", parameters)
        ]

    @property
    def _step(self) -> float:
        return max(_SHORTEST_STEP, math.ceil((self.window.end - self.window.start) / _POINTS))

    def _get(self, path: str, parameters: Mapping[str, Any]) -> list[dict[str, Any]]:
        """https://prometheus.io/docs/prometheus/latest/querying/api/"""
        answer = requests.post(f"{self._url}/api/v1/{path}", data=parameters, timeout=30)
        answer.raise_for_status()
        result: list[dict[str, Any]] = answer.json()["data"]["result"]
        return result


def wait_until_read(url: str, seconds: float = 15) -> None:
    """Wait until Prometheus has read what Airflow's metrics are now, until the seconds are over, or until an error."""
    begun = time.time()
    with suppress(requests.RequestException):
        while time.time() < begun + seconds:
            answer = requests.post(
                f"{url}/api/v1/query", data={"query": 'max(timestamp(up{job="airflow"}))'}, timeout=seconds
            ).json()["data"]["result"]
            if answer and float(answer[0]["value"][1]) > begun:
                return
            time.sleep(0.2)


def _length(since: str) -> int:
    """Seconds of ``now-6h``."""
    found = re.fullmatch(r"now-(\d+)([hd])", since)
    if not found:
        raise ValueError(f"a dashboard begins at {since}, which is no number of hours or days before now")
    return int(found[1]) * _UNITS[found[2]]


def _legend(form: str, labels: Mapping[str, str]) -> str:
    return re.sub(r"\{\{(\w+)\}\}", lambda name: labels.get(name[1], ""), form).strip()


def _organized(panel: Panel, columns: Sequence[str]) -> dict[str, str]:
    """The columns that are shown => their names."""
    options: dict[str, dict[str, Any]] = next(
        (each["options"] for each in panel.get("transformations", []) if each["id"] == "organize"), {}
    )
    hidden, renamed = options.get("excludeByName", {}), options.get("renameByName", {})
    return {name: renamed.get(name, name) for name in columns if not hidden.get(name)}
