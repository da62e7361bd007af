"""What docs/security.md says of Airflow's settings, connections and DAGs, where it is not tested elsewhere."""

from __future__ import annotations

import json
import re

import pytest
import yaml

from cli.airflow_settings import common_settings
from cli.names import SECRETS
from cli.paths import AIRFLOW, REPOSITORY

_SECRET = re.compile(r"\$\{\w*(PASSWORD|SECRET|KEY|TOKEN|WEBHOOK)\w*\}")
CONNECTIONS = yaml.safe_load((AIRFLOW / "airflow_connections_init.yaml").read_text())


@pytest.mark.parametrize("name", CONNECTIONS)
def test_a_connection_has_its_secret_in_the_password_alone(name):
    """Other fields are not encrypted, or not masked everywhere."""
    fields = {field: json.dumps(value) for field, value in CONNECTIONS[name].items()}
    # The access key of the lake is a user's name.
    assert [field for field, value in fields.items() if _SECRET.search(value.replace("${LAKE_ACCESS_KEY}", ""))] == [
        "password"
    ]
    assert not re.search("prox(y|ies)|access_key|connection_string", fields.get("extra_dejson", ""))


def test_no_variable_is_a_secret():
    text = (AIRFLOW / "airflow_variables_init.json").read_text()
    assert not _SECRET.search(text)
    assert not [name for name in SECRETS if name.upper() in text]


def test_settings_that_hold_a_known_fault_off():
    settings = common_settings()
    assert settings["AIRFLOW__CORE__LOAD_EXAMPLES"] == "False"
    assert settings["AIRFLOW__WEBSERVER__EXPOSE_CONFIG"] == "False"
    assert settings["AIRFLOW__CORE__EXECUTOR"] == "CeleryExecutor"
    assert not [name for name in settings if name.startswith(("AIRFLOW__SECRETS__", "AIRFLOW__SMTP__"))]


def test_no_task_runs_a_shell():
    files = sorted((REPOSITORY / "dags").rglob("*.py"))
    assert len(files) > 10
    found = [file.name for file in files if re.search(r"Bash|subprocess|os\.system", file.read_text())]
    assert found == []


def test_no_trigger_is_given_a_secret():
    """Airflow masks no arguments of triggers. Those of this one are a time, those of the DAG's trigger are names."""
    text = "".join(file.read_text() for file in (REPOSITORY / "dags").rglob("*.py"))
    assert set(re.findall(r"trigger=(\w+)", text)) == {"TimeDeltaTrigger"}
    assert set(re.findall(r"(\w+)\([^()]*deferrable=True", text)) <= {"TriggerWarehouseOperator"}
