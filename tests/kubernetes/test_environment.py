"""Airflow's processes on Kubernetes get what they get in containers."""

from __future__ import annotations

import pytest
import yaml

from cli.airflow_settings import common_settings
from cli.kubernetes import environment
from cli.kubernetes.values import values
from cli.paths import REPOSITORY

INVENTORY = yaml.safe_load((REPOSITORY / "tests" / "terraform" / "inventory.yaml").read_text())
# The chart gives these itself, from its own values.
OF_THE_CHART = {
    "AIRFLOW__CORE__EXECUTOR": "executor",
    "AIRFLOW__CORE__FERNET_KEY": "fernetKeySecretName",
    "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": "data",
    "AIRFLOW__CELERY__BROKER_URL": "data",
    "AIRFLOW__CELERY__RESULT_BACKEND": "data",  # Airflow takes its own database for it
    "AIRFLOW__WEBSERVER__SECRET_KEY": "webserverSecretKeySecretName",
    "AIRFLOW__WEBSERVER__BASE_URL": "config",
}
# What Terraform gives always, and a cluster where it is told.
TOLD = {"BIKES_STORE_DASHBOARDS_URL"}


@pytest.fixture
def made(settings):
    return {each["name"]: each["value"] for each in values(settings)["env"]}


def test_all_of_airflow_env_is_there(settings, made):
    common = common_settings()
    assert len(common) > 20
    assert values(settings)["executor"] == settings.executor
    assert common.pop("AIRFLOW__CORE__EXECUTOR") == "CeleryExecutor"
    if settings.worker_concurrency is not None:
        common["AIRFLOW__CELERY__WORKER_CONCURRENCY"] = "8"
    assert common.items() <= made.items()


def test_all_that_containers_get_is_there(settings, made):
    in_containers = set(INVENTORY["bikes-store-airflow-scheduler"]["env"])
    assert in_containers - made.keys() - OF_THE_CHART.keys() <= TOLD
    assert values(settings).keys() >= set(OF_THE_CHART.values())


def test_no_variable_is_given_twice(settings, made):
    names = [each["name"] for each in values(settings)["env"]]
    assert len(names) == len(set(names))
    # A variable wins over the chart's own setting.
    assert made.keys().isdisjoint(OF_THE_CHART)


def test_the_init_job_gets_all_that_it_gets_in_containers(usual):
    made = {each["name"] for each in environment.of_init(usual)}
    in_containers = set(INVENTORY["bikes-store-airflow-init"]["env"])
    # It sends no task, and the image has dbt's manifest.
    left_out = {"AIRFLOW__CELERY__BROKER_URL", "AIRFLOW__CELERY__RESULT_BACKEND", "AIRFLOW__WEBSERVER__BASE_URL"}
    assert in_containers - made == {*left_out, "DBT_PROJECT_SHA1", *TOLD}


def test_no_secret_is_a_plain_value(settings, known):
    for each in environment.of_init(settings):
        assert not ("value" in each and each["name"].endswith(("_PASSWORD", "_KEY", "_CONN", "WEBHOOK_URL"))) or (
            each["name"] == "LAKE_ACCESS_KEY"
        )


def test_certificates_are_compared_where_they_are_to_be(settings, made):
    verifies = any(
        each.sslmode.startswith("verify-") for each in (settings.external_source, settings.external_warehouse)
    )
    assert ("PGSSLROOTCERT" in made) == verifies
