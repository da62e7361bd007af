from __future__ import annotations

import json

import pytest

from bikes_store import environment
from bikes_store.dbt_structure import NAME, structure
from cli.names import BUCKETS, DATABASES


@pytest.fixture(autouse=True)
def nothing_set(monkeypatch):
    for name in ("DATA_BUCKET", "WAREHOUSE_HOST", "WAREHOUSE_PORT", "WAREHOUSE_DATABASE", "BIKES_STORE_DBT_PROJECT"):
        monkeypatch.delenv(name, raising=False)


def test_defaults_are_the_names_of_the_stack():
    """A process without these variables, such as a test, means the same things as a stack."""
    assert environment.data_bucket() == BUCKETS["data"]
    assert environment.warehouse_address() == f"warehouse:5432/{DATABASES['warehouse']}"
    assert (environment.dbt_project() / "dbt_project.yml").is_file()


def test_a_stack_with_other_names_sets_them(monkeypatch):
    monkeypatch.setenv("DATA_BUCKET", "shop")
    monkeypatch.setenv("WAREHOUSE_HOST", "db.example.com")
    monkeypatch.setenv("WAREHOUSE_PORT", "6543")
    monkeypatch.setenv("WAREHOUSE_DATABASE", "sales")
    assert environment.data_bucket() == "shop"
    assert environment.warehouse_address() == "db.example.com:6543/sales"


def made_of(project, manifest):
    manifest.parent.mkdir(exist_ok=True)
    manifest.write_text(json.dumps({"metadata": {"env": {NAME: structure(project)}}, "nodes": {}}))


def test_dbt_has_its_manifest_in_the_project_or_elsewhere(monkeypatch, tmp_path):
    monkeypatch.setenv("BIKES_STORE_DBT_PROJECT", str(tmp_path))
    monkeypatch.delenv("BIKES_STORE_DBT_MANIFEST", raising=False)
    made_of(tmp_path, tmp_path / "target" / "manifest.json")
    made_of(tmp_path, tmp_path / "elsewhere.json")
    assert environment.dbt_manifest() == tmp_path / "target" / "manifest.json"
    monkeypatch.setenv("BIKES_STORE_DBT_MANIFEST", str(tmp_path / "elsewhere.json"))
    assert environment.dbt_manifest() == tmp_path / "elsewhere.json"


@pytest.mark.parametrize("made_with", [{}, {NAME: "0a1b"}])
def test_a_manifest_of_another_project_is_refused_with_the_command_that_writes_it(monkeypatch, tmp_path, made_with):
    manifest = tmp_path / "target" / "manifest.json"
    monkeypatch.setenv("BIKES_STORE_DBT_PROJECT", str(tmp_path))
    monkeypatch.setenv("BIKES_STORE_DBT_MANIFEST", str(manifest))
    command = f"`BIKES_STORE_DBT_PROJECT={tmp_path} BIKES_STORE_DBT_MANIFEST={manifest} .*write_manifest.py`"
    with pytest.raises(FileNotFoundError, match=f"does not exist: write it with .*{command}"):
        environment.dbt_manifest()
    made_of(tmp_path, manifest)
    manifest.write_text(json.dumps({"metadata": {"env": made_with}}))
    with pytest.raises(ValueError, match=f"was not made from {tmp_path} as it is now: write it with .*{command}"):
        environment.dbt_manifest()
