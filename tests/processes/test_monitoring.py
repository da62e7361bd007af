"""What the demo gives Prometheus to read."""

from __future__ import annotations

import json

from cli.paths import REPOSITORY
from cli.processes import monitoring
from cli.processes.settings import Settings, generate_secrets
from cli.processes.supervisor import Metrics, Service
from tests.support.ports import free_ports


def test_targets_are_the_services_that_tell_their_metrics(tmp_path):
    settings = Settings(tmp_path, free_ports(), generate_secrets())
    told = Service("told", [], lambda: True, metrics=Metrics("job", "127.0.0.1:1"))
    silent = Service("silent", [], lambda: True)
    for _ in range(2):  # a demo that goes on writes them again
        monitoring.write_targets(settings, [told, silent])
    (target,) = json.loads((tmp_path / "prometheus" / "targets.json").read_text())
    assert target["targets"] == ["127.0.0.1:1"]
    assert target["labels"]["job"] == "job"
    configuration = tmp_path / "prometheus" / "prometheus.yml"
    assert configuration.read_text() == (REPOSITORY / "prometheus" / "prometheus.yml").read_text()


def test_every_service_tells_an_address_of_this_machine(tmp_path, monkeypatch):
    programs = tmp_path / "bin"
    programs.mkdir()
    for name in monitoring.PROGRAMS:
        (programs / name).touch(mode=0o755)
    monkeypatch.setenv("PATH", str(programs))
    settings = Settings(tmp_path, free_ports(), generate_secrets())
    services = monitoring.services(settings)
    told = [service.metrics for service in services if service.metrics]
    assert len(told) == len(services)
    assert Metrics("airflow", f"127.0.0.1:{settings.ports['statsd_web']}") in told
    assert Metrics("prometheus", f"127.0.0.1:{settings.ports['prometheus']}") in told
    ports = {f"127.0.0.1:{settings.ports[name]}" for name in monitoring.PORTS}
    assert {metrics.address for metrics in told} <= ports
    assert len({(metrics.job, metrics.address) for metrics in told}) == len(told)


def test_without_the_programs_there_is_none(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(monitoring, "GO_BIN", tmp_path)
    assert monitoring.services(Settings(tmp_path, free_ports(), generate_secrets())) == []
