"""deploy/kubernetes/settings.yaml: what it may say, and what is said of one that is wrong."""

from __future__ import annotations

import re
from dataclasses import MISSING, fields, replace

import pytest
import yaml

from cli.errors import UserError
from cli.kubernetes.settings import EXAMPLE, Database, GitSync, Settings, read_settings
from cli.paths import TERRAFORM

VARIABLES = (TERRAFORM / "variables.tf").read_text()
# What a cluster alone is told.
OF_KUBERNETES = {
    *("image", "namespace", "executor", "autoscaling", "worker_max", "airflow_url", "dashboards_url"),
    *("image_pull_secret", "storage_class", "monitoring_namespace", "git_sync"),
}


def written(tmp_path, **changes):
    content = yaml.safe_load(EXAMPLE.read_text())
    path = tmp_path / "settings.yaml"
    path.write_text(yaml.safe_dump({**content, **changes}))
    return path


def test_the_example_is_right_as_it_is():
    settings = read_settings(EXAMPLE)
    assert settings.external_source == Database("db.example.com", "bikes-store", "source_reader", 5432, "require")
    assert settings.external_warehouse.database == "warehouse"


def test_the_example_lists_every_setting_with_its_default():
    lines = re.findall(r"^# (\w+: .*)$", EXAMPLE.read_text(), re.MULTILINE)
    listed = yaml.safe_load("\n".join(lines))
    optional = {each.name: each.default for each in fields(Settings) if each.default is not MISSING}
    assert listed == {**optional, "images": {}}


def test_what_terraform_has_too_has_its_name_there():
    declared = set(re.findall(r'^variable "(\w+)"', VARIABLES, re.MULTILINE))
    assert {each.name for each in fields(Settings)} - OF_KUBERNETES <= declared
    assert declared.isdisjoint(OF_KUBERNETES)


@pytest.mark.parametrize("variable", ["external_source", "external_warehouse", "external_lake"])
def test_what_is_elsewhere_has_the_form_that_terraform_has(variable):
    (body,) = re.findall(rf'^variable "{variable}" \{{(.*?)^\}}', VARIABLES, re.MULTILINE | re.DOTALL)
    (form,) = re.findall(r"object\(\{(.*?)\}\)", body, re.DOTALL)
    names = set(re.findall(r"(\w+) += ", form))
    kind = type(getattr(read_settings(EXAMPLE), variable))
    assert names == {each.name for each in fields(kind)} - ({"user"} - names)


def test_a_repository_to_sync(tmp_path):
    settings = read_settings(written(tmp_path, git_sync={"repo": "https://git.example.com/b.git"}))
    assert settings.git_sync == GitSync("https://git.example.com/b.git", "main")


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"image": None}, "image is missing"),
        ({"image": "registry.example.com/airflow:latest"}, "image must name a release"),
        ({"image": "registry.example.com:5000/airflow"}, "image must name a release"),
        ({"images": {"postgres": "postgres"}}, "images.postgres must name a release"),
        ({"images": {"postgress": "postgres:16.8"}}, "images names none of terraform/images.yaml: postgress"),
        ({"external_source": {"host": "db", "database": "b"}}, "external_source.user is missing"),
        ({"external_warehouse": "dwh.example.com"}, "external_warehouse must have names and values"),
        ({"external_warehouse": {"host": "dwh"}}, "external_warehouse.database is missing"),
        ({"external_warehouse": {"host": "d", "database": "w", "prot": 1}}, "no setting external_warehouse.prot"),
        ({"external_warehouse": {"host": "d", "database": "w", "port": "5432"}}, "port must be a whole number"),
        ({"external_warehouse": {"host": "d", "database": "w", "sslmode": "prefer"}}, "sslmode must be one of disable"),
        ({"external_lake": {"endpoint": "s3.example.com", "region": "r"}}, "external_lake.endpoint must begin with"),
        ({"executor": "LocalExecutor"}, "executor must be one of CeleryExecutor, KubernetesExecutor"),
        ({"autoscaling": "yes"}, "autoscaling must be one of hpa, keda, none"),
        ({"namespace": "Bikes"}, "namespace must be lower-case letters"),
        ({"worker_count": 0}, "worker_count must be 1 or more, not 0"),
        ({"worker_count": True}, "worker_count must be a whole number"),
        ({"worker_count": 8}, "worker_max is 6, and worker_count is 8"),
        ({"worker_cuont": 8}, "there is no setting worker_cuont"),
        ({"slack_webhook_url": "hooks.slack.com/secretofslack"}, "slack_webhook_url must begin with"),
    ],
)
def test_a_wrong_setting_is_one_sentence(tmp_path, changes, says):
    with pytest.raises(UserError) as raised:
        read_settings(written(tmp_path, **changes))
    assert says in str(raised.value)
    assert "settings.example.yaml says what each setting is" in str(raised.value)
    assert "secretofslack" not in str(raised.value)


@pytest.mark.parametrize(("text", "says"), [("a: [", "can't be read as YAML"), ("- a", "must have names and values")])
def test_a_file_that_is_no_settings(tmp_path, text, says):
    path = tmp_path / "settings.yaml"
    path.write_text(text)
    with pytest.raises(UserError, match=says):
        read_settings(path)


def test_no_file(tmp_path):
    with pytest.raises(UserError, match=r"does not exist: copy deploy/kubernetes/settings\.example\.yaml to it"):
        read_settings(tmp_path / "settings.yaml")


def test_a_secret_is_not_shown():
    shown = repr(replace(read_settings(EXAMPLE), slack_webhook_url="https://hooks.slack.com/secretofslack"))
    assert "secretofslack" not in shown
