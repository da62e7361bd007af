"""What `make run-pipeline` does around the runs."""

from __future__ import annotations

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
