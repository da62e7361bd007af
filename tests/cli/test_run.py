"""What `make run-pipeline` does around the runs."""

from __future__ import annotations

import signal

import pytest
from rich.console import Console

from cli import run
from cli.endpoints import Endpoints
from cli.pages import write

MADE = Endpoints("http://a", "admin", "pw", "postgresql://s", "postgresql://127.0.0.1:1/w", "http://l", "key", "secret")


@pytest.mark.parametrize("succeeded", [True, False])
@pytest.mark.parametrize("is_demo", [True, False])
def test_pages_of_the_demo_are_written_again_whatever_came_of_the_run(tmp_path, monkeypatch, is_demo, succeeded):
    path = tmp_path / "endpoints.json"
    MADE.write(path)
    written: list[Endpoints] = []
    monkeypatch.setenv("ENDPOINTS", str(path))
    monkeypatch.setattr(run, "OF_PROCESSES", path if is_demo else tmp_path / "other.json")
    monkeypatch.setattr(run, "run_pipeline", lambda *_, **__: succeeded)
    monkeypatch.setattr(write, "refresh_pages", lambda _, endpoints: written.append(endpoints))
    assert run.run(Console()) == (0 if succeeded else 1)
    assert written == ([MADE] if is_demo else [])


def test_a_warehouse_that_does_not_answer_is_a_sentence():
    console = Console(width=200)
    with console.capture() as text:
        write.refresh_pages(console, MADE)
    assert "The pages in .demo/ are as they were: the warehouse says" in text.get()
    assert "Connection refused" in text.get()


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
