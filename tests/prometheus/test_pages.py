"""The Pipeline and Platform pages, from a real Prometheus that holds twenty minutes of a platform with two faults."""

from __future__ import annotations

import re
import subprocess
import time
from collections.abc import Callable, Iterator

import pytest
import requests

from cli.pages.menu import MENU
from cli.pages.prometheus import Metrics, wait_until_read
from cli.pages.write import make_page, make_report_page
from cli.processes.settings import LOOPBACK
from cli.run import Result
from cli.sections import Row, section
from tests.support.browser import WIDTHS, assert_fits
from tests.support.dashboards import annotation_queries, boards, prometheus_queries
from tests.support.engine import install
from tests.support.ports import free_ports

MINUTES, EVERY = 20, 15  # a reading each fifteen seconds
LONG_AGO = time.time() - 39 * 3600
STAGING, WAREHOUSE = (f'dag_id="bikes_store_{name}"' for name in ("staging", "warehouse"))
TASK = f'{STAGING},task_id="load.db.sales.store",task_group="load.db"'

# Series => their value by the minute. The run of the warehouse DAG fails at minute 12, the source's database at 15.
SERIES: dict[str, Callable[[float], float | None]] = {
    'up{job="airflow",instance="a"}': lambda _: 1,
    'up{job="postgres",instance="source-exporter"}': lambda _: 1,
    'pg_up{instance="source-exporter"}': lambda minute: int(minute < 15),
    'pg_up{instance="warehouse-exporter"}': lambda _: 1,
    'pg_up{instance="airflow-exporter"}': lambda _: 1,
    "airflow_scheduler_heartbeat_total": lambda minute: minute * 12,
    'airflow_worker_heartbeat_total{worker="worker-1"}': lambda minute: minute * 12,
    'airflow_worker_heartbeat_total{worker="worker-2"}': lambda minute: min(minute, 10) * 12,
    "airflow_executor_running_tasks": lambda minute: int(2 < minute < 12) * 3,
    f"airflow_dag_run_last_failed{{{STAGING}}}": lambda minute: 0 if minute >= 12 else None,
    f"airflow_dag_run_last_failed{{{WAREHOUSE}}}": lambda minute: 1 if minute >= 12 else None,
    f'airflow_dag_run_duration_seconds_count{{state="failed",{WAREHOUSE}}}': lambda minute: 1 if minute >= 12 else None,
    f'airflow_task_duration_seconds_sum{{{TASK}}}': lambda minute: 90 if minute >= 8 else None,
    f'airflow_task_duration_seconds_count{{{TASK}}}': lambda minute: 2 if minute >= 8 else None,
    f'airflow_task_queued_duration_seconds_sum{{{TASK}}}': lambda minute: 3 if minute >= 8 else None,
    f'airflow_task_queued_duration_seconds_count{{{TASK}}}': lambda minute: 2 if minute >= 8 else None,
    'bikes_store_table_loaded_rows{table="sales.store"}': lambda minute: 701 if minute >= 8 else None,
    'bikes_store_table_written_rows{table="sales.store"}': lambda minute: 5 if minute >= 8 else None,
    'bikes_store_table_difference_rows{table="sales.store"}': lambda minute: 2 if minute >= 8 else None,
    'bikes_store_table_loaded_rows{table="person.person"}': lambda minute: 19972 if minute >= 8 else None,
    'bikes_store_table_loaded_timestamp_seconds{table="sales.store"}': lambda _: LONG_AGO,
    'bikes_store_table_fresh_for_seconds{table="sales.store"}': lambda _: 26 * 3600,
    'bikes_store_table_loaded_timestamp_seconds{table="sales.salesreason"}': lambda _: LONG_AGO,
    'bikes_store_table_fresh_for_seconds{table="sales.salesreason"}': lambda _: 50 * 3600,
}  # fmt: skip


@pytest.fixture(scope="module")
def prometheus(tmp_path_factory) -> Iterator[tuple[str, float]]:
    """Its address, and the end of the twenty minutes in seconds since 1970."""
    install("prometheus", "prometheus")
    home = tmp_path_factory.mktemp("prometheus")
    end = time.time() // 60 * 60
    lines = [
        f"{name} {value} {end - MINUTES * 60 + second}"
        for name, tell in sorted(SERIES.items(), key=lambda item: item[0].partition("{")[0])
        for second in range(0, MINUTES * 60 + 1, EVERY)
        if (value := tell(second / 60)) is not None
    ]
    (home / "metrics").write_text("\n".join([*lines, "# EOF\n"]))
    (home / "prometheus.yml").touch()
    made = ["promtool", "tsdb", "create-blocks-from", "openmetrics", "metrics", "data"]
    subprocess.run(made, cwd=home, check=True, capture_output=True)
    url = f"{LOOPBACK}:{free_ports()['prometheus']}"
    command = ["prometheus", "--config.file=prometheus.yml", "--storage.tsdb.path=data", f"--web.listen-address={url}"]
    with (home / "log").open("w") as log, subprocess.Popen(command, cwd=home, stdout=log, stderr=log) as process:
        try:
            deadline = time.monotonic() + 30
            while not _is_ready(url):
                assert process.poll() is None and time.monotonic() < deadline, (home / "log").read_text()[-2000:]
                time.sleep(0.1)
            yield f"http://{url}", end
        finally:
            process.terminate()


def _is_ready(url: str) -> bool:
    try:
        return requests.get(f"http://{url}/-/ready", timeout=5).ok
    except requests.ConnectionError:
        return False


def panel(page: str, title: str) -> str:
    """A panel's HTML, in one line."""
    (found,) = [part for part in page.split("<section")[1:] if f">{title}</h2>" in part]
    return re.sub(r"\s+", " ", found)


@pytest.fixture(scope="module")
def pages(prometheus) -> dict[str, str]:
    url, end = prometheus
    return {name: make_page(name, None, url, end) for name in ("pipeline", "platform")}


@pytest.mark.parametrize("query", [*prometheus_queries(), *annotation_queries()], ids=lambda query: query.name)
def test_prometheus_takes_every_query(prometheus, query):
    url, end = prometheus
    answer = requests.post(f"{url}/api/v1/query", data={"query": query.text, "time": end}, timeout=30).json()
    assert answer["status"] == "success", answer


def test_last_runs_are_green_and_red(pages):
    tiles = panel(pages["pipeline"], "Last run")
    assert '<li class="good"><span>bikes_store_staging</span><strong class="many">succeeded' in tiles
    assert '<li class="red"><span>bikes_store_warehouse</span><strong class="many">failed' in tiles


def test_failed_run_is_marked_once_in_the_charts(prometheus, pages):
    url, end = prometheus
    (annotation,) = [query for query in annotation_queries() if query.name.startswith("pipeline")]
    metrics = Metrics(url, end, "now-6h", {})
    assert metrics.window.start == end - MINUTES * 60
    (moment,) = metrics.events({"target": {"expr": annotation.text}})
    assert moment == pytest.approx(end - 8 * 60, abs=60)
    chart, legend = panel(pages["platform"], "Executor").split('<ul class="legend">')
    assert chart.count('class="event"') == 1
    assert "Failed runs</li>" in legend


def test_lines_end_with_the_newest_value(prometheus):
    """The page is written right after a run: what this sent last must be on it."""
    url, end = prometheus
    metrics = Metrics(url, end + 7, "now-6h", {})
    (points,) = metrics.series({"targets": [{"expr": "time()", "legendFormat": ""}]}).values()
    assert points[-1] == (end + 7, end + 7)


def test_rows_of_four_queries_are_one_table(pages):
    table = panel(pages["pipeline"], "Rows of the last load")
    heads = re.findall(r"<th[^>]*>([^<]*)</th>", table)
    assert heads == ["table", "loaded", "written", "differ from the source"]
    rows = [re.findall(r"<td[^>]*>([^<]*)</td>", row) for row in table.split("<tr>")[2:]]
    assert rows == [["person.person", "19,972", "–", "–"], ["sales.store", "701", "5", "⚠ 2"]]


def test_a_table_is_as_fresh_as_it_may_be_old(pages):
    """Both were loaded at the same time."""
    bars = panel(pages["pipeline"], "Freshness of tables")
    found = re.findall(r'<th scope="row">([^<]*)</th>.*?<div class="(\w+)".*?<td class="n">(⚠ )?(\d+)', bars)
    shares = {name: (colour, warns, int(percent)) for name, colour, warns, percent in found}
    assert list(shares) == ["sales.store", "sales.salesreason"]
    assert shares["sales.store"][:2] == ("red", "⚠ ") and shares["sales.store"][2] in range(150, 154)
    assert shares["sales.salesreason"][:2] == ("good", "") and shares["sales.salesreason"][2] in range(78, 81)


def test_slowest_tasks_have_names_and_mean_seconds(pages):
    table = panel(pages["pipeline"], "Slowest tasks")
    assert re.findall(r"<t[hd][^>]*>([^<]*)</t[hd]>", table) == [
        *("DAG", "task", "seconds"),
        *("bikes_store_staging", "load.db.sales.store", "45 s"),
    ]


def test_one_database_of_three_that_is_down_is_red(pages):
    tiles = re.findall(r'<li class="(\w+)"><span>([\w-]+)</span>', panel(pages["platform"], "Databases"))
    assert tiles == [("good", "airflow-exporter"), ("red", "source-exporter"), ("good", "warehouse-exporter")]
    workers = re.findall(r'<li class="(\w+)"><span>([\w-]+)</span>', panel(pages["platform"], "Worker heartbeats"))
    assert workers == [("good", "worker-1"), ("red", "worker-2")]


def test_alerts_that_hold_are_listed(pages):
    alerts = panel(pages["platform"], "Alerts")
    assert "<strong>Database down</strong> (critical)<br>The PostgreSQL behind source-exporter does not" in alerts
    assert "<strong>DAG run failed</strong> (critical)<br>The last run of bikes_store_warehouse failed." in alerts
    assert "Worker worker-2 has sent no heartbeat" in alerts and "worker-1" not in alerts
    assert "in the staging area differs" in alerts
    assert "The last load of sales.store is older than this table may be." in alerts
    assert alerts.count("<li ") == 5


def test_panel_that_nobody_sends_anything_to_says_so(pages):
    assert '<p class="nothing">Nothing sends this: the part is down or not watched.</p>' in panel(
        pages["platform"], "Broker memory"
    )


def test_every_panel_is_there_and_nothing_comes_from_elsewhere(pages):
    panels_of = {name: board["panels"] for name, board in boards()}
    for name, page in pages.items():
        assert page.count("<section") == len(panels_of[name])
        links = re.findall(r'(?:src|href)="([^"]*)"', page)
        assert links == ["#panels", *(f"{other}.html" for other in MENU)]
        assert re.findall(r"https?://|url\(|@import", page) == []
        assert f'<a href="{name}.html" aria-current="page">' in page


def test_page_says_it_when_prometheus_does_not_answer():
    url = f"http://{LOOPBACK}:{free_ports()['prometheus']}"
    wait_until_read(url)
    page = make_page("platform", None, url, time.time())
    assert f"Prometheus did not answer at {url}, so there is nothing to show" in page and "<section" not in page


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("name", ["pipeline", "platform"])
def test_page_fits_the_window(pages, tmp_path, name, width):
    assert_fits(pages[name], width, tmp_path)


@pytest.mark.parametrize("width", WIDTHS)
def test_report_fits_the_window(tmp_path, width):
    row = Row(["sales.salesorderheadersalesreason", *["121,317,000"] * 4, "fact_order_reason"], wrong=True)
    made = [
        section("Rows", "table, source>, lake>, staging>, warehouse>, as", [row] * 19),
        section("Time", "stage, seconds>", [Row(["warehouse_init", "24.0"])] * 5),
        section(
            "Slowest tasks", "task, seconds>, waited before>, share>", [Row(["load.db.x" * 4, "9.0", "1.0", "10%"])]
        ),
    ]
    assert_fits(make_report_page(Result(True, "All is well.", made), time.time()), width, tmp_path)
