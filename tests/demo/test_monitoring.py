"""What the demo gives Prometheus to read."""

from __future__ import annotations

import yaml

from demo import monitoring
from demo.settings import Settings, generate_secrets
from tests.ports import free_ports


def test_configuration_has_this_machines_addresses(tmp_path):
    settings = Settings(tmp_path, free_ports(), generate_secrets())
    made = yaml.safe_load(monitoring.render_configuration(settings))
    targets = {job["job_name"]: job["static_configs"][0]["targets"] for job in made["scrape_configs"]}
    assert targets == {
        "airflow": [f"127.0.0.1:{settings.ports['statsd_web']}"],
        "prometheus": [f"127.0.0.1:{settings.ports['prometheus']}"],
    }


def test_without_the_programs_there_is_none(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(monitoring, "_GO_BIN", tmp_path)
    assert monitoring.services(Settings(tmp_path, free_ports(), generate_secrets())) == []
