"""cli/airflow_client.py: how often a run is asked after."""

from __future__ import annotations

from cli import airflow_client
from cli.airflow_client import STAGING_DAG, Airflow


class Answers(Airflow):
    """An Airflow whose run ends after some looks; it counts what is asked."""

    def __init__(self, looks):
        super().__init__("http://nowhere", "", "")
        self.left, self.asked_for_tasks = looks, 0

    def call(self, method, path, body=None):
        if path.endswith("taskInstances?limit=1000"):
            self.asked_for_tasks += 1
            return {"task_instances": []}
        self.left -= 1
        return {"state": "running" if self.left > 0 else "success"}


def test_the_state_is_asked_for_often_and_the_tasks_now_and_then(monkeypatch):
    """Airflow checks the password at each call and writes out each task."""
    now = [0.0]
    monkeypatch.setattr(airflow_client.time, "sleep", lambda seconds: now.__setitem__(0, now[0] + seconds))
    monkeypatch.setattr(airflow_client.time, "monotonic", lambda: now[0])
    answers = Answers(looks=60)
    states = [progress.state for progress in airflow_client.follow(answers, "run", dag_ids=[STAGING_DAG])]
    assert (states[0], states[-1]) == ("running", "success")
    assert 5 < answers.asked_for_tasks < 15


def test_a_run_that_has_ended_is_looked_at_once():
    answers = Answers(looks=1)
    assert [p.state for p in airflow_client.follow(answers, "run", dag_ids=[STAGING_DAG])] == ["success"]
    assert answers.asked_for_tasks == 1
