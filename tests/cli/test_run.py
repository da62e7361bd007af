"""What `make run-pipeline` does around the runs."""

from __future__ import annotations

import signal
from datetime import date
from io import StringIO
from typing import Any, cast

import pytest
from rich.console import Console

from cli import airflow_client, changes, run
from cli.endpoints import Endpoints
from cli.pages import write
from cli.run import Day, Result, summary
from cli.sections import show

MADE = Endpoints("http://a", "admin", "pw", "postgresql://s", "postgresql://127.0.0.1:1/w", "http://l", "key", "secret")


@pytest.mark.parametrize("succeeded", [True, False])
@pytest.mark.parametrize("is_demo", [True, False])
def test_pages_of_the_demo_are_written_again_whatever_came_of_the_run(tmp_path, monkeypatch, is_demo, succeeded):
    path = tmp_path / "endpoints.json"
    MADE.write(path)
    written: list[Endpoints] = []
    monkeypatch.setenv("ENDPOINTS", str(path))
    monkeypatch.setattr(run, "OF_PROCESSES", path if is_demo else tmp_path / "other.json")
    monkeypatch.setattr(run, "run_pipeline", lambda *_, **__: Result(succeeded, "It is done."))
    monkeypatch.setattr(write, "refresh_pages", lambda _, endpoints, __: written.append(endpoints))
    assert run.run(Console()) == (0 if succeeded else 1)
    assert written == ([MADE] if is_demo else [])


def test_a_warehouse_that_does_not_answer_is_a_sentence(tmp_path, monkeypatch):
    monkeypatch.setattr(write, "DEMO_HOME", tmp_path / ".demo")
    (tmp_path / ".demo").mkdir()
    console = Console(width=200)
    with console.capture() as text:
        write.refresh_pages(console, MADE, Result(False, "The run x failed."))
    # What came of the run is on a page all the same.
    assert "The run x failed." in (tmp_path / ".demo" / "report.html").read_text()
    assert "The pages in .demo/ are as they were: the warehouse says" in text.get()
    assert "Connection refused" in text.get()


DAYS = [date(2024, 10, number) for number in (5, 6, 7)]


@pytest.fixture
def days(monkeypatch):
    """Run a range of which the days in ``failing`` fail; returns the result, what was printed and what was started."""

    def make(*failing):
        started: list[date] = []

        def start(client: Any, day: date) -> str:
            started.append(day)
            return str(day)

        monkeypatch.setattr(airflow_client, "wait_for_dags", lambda client: None)
        monkeypatch.setattr(airflow_client, "check_days", lambda client, asked: None)
        monkeypatch.setattr(airflow_client, "start_run", start)
        monkeypatch.setattr(changes, "mark", lambda dsn: changes.Mark(len(started)))
        monkeypatch.setattr(changes, "loaded_rows", lambda mark, dsn: 1000 + mark.load_id)
        monkeypatch.setattr(run, "show_progress", lambda *given: None if given[2] in map(str, failing) else [])
        monkeypatch.setattr(
            run, "_report", lambda *given: Result(True, f"Report of {given[3]}, since {given[5].load_id}.")
        )

        class Stack:
            warehouse_dsn = ""

            def airflow(self) -> None:
                return None

        console = Console(width=100, no_color=True, file=StringIO(), record=True)
        return run.run_days(console, cast(Any, Stack()), DAYS), console.export_text(), started

    return make


def test_a_range_is_run_in_order_and_stops_at_the_first_failure(days):
    result, text, started = days(DAYS[1])
    assert not result.succeeded and started == DAYS[:2]
    assert "2024-10-06 failed, and the days after it were not run" in text
    assert "make run-pipeline FROM=2024-10-06 TO=2024-10-07" in text
    cells = [row.cells for row in result.sections[0].rows]
    assert [(row[0], row[1], row[3]) for row in cells] == [
        ("2024-10-05", "1,000", "success"),
        ("2024-10-06", "1,001", "failed"),
        ("2024-10-07", "–", "not run"),
        ("all", "2,001", "1 of 3 succeeded"),
    ]
    assert "✗ 2024-10-06" in text


def test_a_range_says_how_far_it_is_and_ends_with_a_summary_and_the_last_days_report(days):
    result, text, started = days()
    assert result.succeeded and started == DAYS
    for number, day in enumerate(DAYS, 1):
        assert f"{day}, day {number} of 3" in text
    # The report tells what changed since before the first of them.
    assert result.verdict == "Report of 2024-10-07, since 0."
    assert text.index("day 3 of 3") < text.index("3 of 3 succeeded")


@pytest.mark.parametrize("width", [40, 60, 110])
def test_the_summary_fits_any_terminal(width):
    console = Console(width=width, no_color=True)
    with console.capture() as text:
        show(
            console,
            summary([Day(DAYS[0], "success", 1234567, 61.4), Day(DAYS[1], "failed", 0, 2), Day(DAYS[2], "not run")]),
        )
    assert max(map(len, text.get().splitlines())) <= width
    assert all(word in text.get() for word in ("1,234,567", "61", "not run", "1 of 3 succeeded", "✗ 2024-10-06"))


class World:
    """In place of Airflow and the report: Ctrl-C comes at one of the moments."""

    def __init__(self, patch, path, moment):
        MADE.write(path)
        patch.setenv("ENDPOINTS", str(path))
        patch.setattr(run, "OF_PROCESSES", path)
        self._moment = moment
        for module, name in (
            (run.airflow_client, "wait_for_dags"),
            (run.airflow_client, "check_days"),
            (run.airflow_client, "start_run"),
            (run, "show_progress"),
            (run.report, "make_report"),
            (write, "refresh_pages"),
        ):
            patch.setattr(module, name, self._answer(name))
        patch.setattr(run.report, "show", lambda *_: None)
        patch.setattr(run.changes, "mark", lambda dsn: None)
        patch.setattr(run.changes, "loaded_rows", lambda mark, dsn: 0)
        patch.setattr(run.changes, "since", lambda mark, dsn: run.changes.Changes([], []))
        patch.setattr(run.freshness, "read_freshness", lambda warehouse: [])
        patch.setattr(run.freshness, "in_a_sentence", lambda fresh: "")
        patch.setattr(run.psycopg2, "connect", lambda dsn: StringIO())

    def _answer(self, name):
        def answer(*arguments, **_):
            day = arguments[1] if name == "start_run" else None
            if self._moment in (name, f"{name} of {day}"):
                signal.raise_signal(signal.SIGINT)
            return {"start_run": f"run-of-{day}", "show_progress": []}.get(name, run.report.Report([], []))

        return answer


@pytest.mark.usefixtures("signals")
@pytest.mark.parametrize(
    ("moment", "says"),
    [
        ("wait_for_dags", "Stopped. No run was started."),
        (
            "start_run",
            "Stopped as the run was started: the page of bikes_store_staging in Airflow shows whether it has",
        ),
        ("show_progress", "This command stopped. The run run-of-2024-09-01 goes on in Airflow."),
        ("make_report", "Stopped. Both DAGs have run; only the report was cut short."),
        ("refresh_pages", "Stopped. The run has ended; the pages in .demo/ may be those of before."),
    ],
)
def test_ctrl_c_says_what_becomes_of_the_run(tmp_path, monkeypatch, capsys, moment, says):
    World(monkeypatch, tmp_path / "endpoints.json", moment)
    monkeypatch.setenv("DATE", "2024-09-01")
    assert run.main() == 130
    assert says in " ".join(capsys.readouterr().out.split())


@pytest.mark.usefixtures("signals")
def test_ctrl_c_in_a_row_of_days_names_those_that_are_left(tmp_path, monkeypatch, capsys):
    World(monkeypatch, tmp_path / "endpoints.json", "start_run of 2024-09-02")
    monkeypatch.setenv("FROM", "2024-09-01")
    monkeypatch.setenv("TO", "2024-09-04")
    assert run.main() == 130
    said = " ".join(capsys.readouterr().out.split())
    assert said.endswith("`make run-pipeline FROM=2024-09-03 TO=2024-09-04` runs the days after it.")
