"""The message of an alert. Alertmanager's own tool makes it, as Grafana's template language is the same."""

from __future__ import annotations

import json
import subprocess
from typing import Any

import pytest

from cli.paths import REPOSITORY
from tests.support.engine import install

TEMPLATE = REPOSITORY / "grafana" / "slack_message.tmpl"


@pytest.fixture
def render(tmp_path):
    install("amtool", "prometheus-alertmanager")

    def run(*alerts: dict[str, Any]) -> str:
        data = tmp_path / "data.json"
        data.write_text(json.dumps({"status": "firing", "alerts": alerts}))
        # The tool also wants a file of templates; an empty file will do.
        (tmp_path / "none.tmpl").touch()
        command = ["amtool", "template", "render", f"--template.glob={tmp_path}/none.tmpl"]
        command += [f"--template.text={TEMPLATE.read_text()}", f"--template.data={data}"]
        done = subprocess.run(command, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    return run


def alert(status: str, summary: str) -> dict[str, Any]:
    return {
        "status": status,
        "annotations": {"summary": summary, "runbook_url": "https://example.com/runbooks/queue-stuck.md"},
        "startsAt": "2024-09-01T06:30:00+02:00",
        "generatorURL": "http://127.0.0.1:3000/alerting/grafana/x/view",
    }


def test_a_runbook_without_an_address_is_named_by_its_path(render):
    """A link that is not absolute is dead in Slack."""
    bare = alert("firing", "A fell.") | {"annotations": {"summary": "A fell.", "runbook": "docs/runbooks/x.md"}}
    assert "UTC · What to do: docs/runbooks/x.md · <http" in render(bare)


def test_message_says_what_since_when_and_what_to_do(render):
    assert render(alert("firing", "A fell."), alert("resolved", "B fell.")).split("\n") == [
        "A fell.",
        "Since 2024-09-01 04:30 UTC · <https://example.com/runbooks/queue-stuck.md|What to do>"
        " · <http://127.0.0.1:3000/alerting/grafana/x/view|Rule>",
        "Resolved: B fell.",
        "Since 2024-09-01 04:30 UTC · <https://example.com/runbooks/queue-stuck.md|What to do>"
        " · <http://127.0.0.1:3000/alerting/grafana/x/view|Rule>",
    ]
