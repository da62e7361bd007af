"""Which edits of the dbt project need another manifest, and which count in the next task by themselves."""

from __future__ import annotations

import shutil
import time

import pytest

from bikes_store.dbt_structure import structure
from cli.paths import DBT_PROJECT

MART = "models/marts/mart_sales_daily"


@pytest.fixture
def project(tmp_path):
    shutil.copytree(DBT_PROJECT, tmp_path / "project")
    return tmp_path / "project"


def edit(old, new, file=f"{MART}.sql"):
    def change(project):
        text = (project / file).read_text()
        assert old in text
        (project / file).write_text(text.replace(old, new))

    return change


def write(file, text):
    def change(project):
        (project / file).parent.mkdir(exist_ok=True)
        (project / file).write_text((project / file).read_text() + text if (project / file).exists() else text)

    return change


@pytest.mark.parametrize(
    "change",
    [
        lambda project: (project / f"{MART}.sql").rename(project / "models/marts/mart_sales_by_day.sql"),
        lambda project: (project / f"{MART}.sql").unlink(),
        write("models/marts/mart_new.sql", "select 1 as one"),
        write(f"{MART}.sql", "\n-- {{ ref('dim_store') }}"),
        write(f"{MART}.sql", "\n{{ config(enabled=false) }}"),
        write(f"{MART}.sql", "\n{{ config(materialized = 'ephemeral') }}"),
        edit("{% snapshot dim_store %}", "{% snapshot dim_shop %}", "snapshots/dim_store.sql"),
        edit("+materialized: ephemeral", "+materialized: view", "dbt_project.yml"),
        edit('model-paths: ["models"]', 'model-paths: ["models", "more"]', "dbt_project.yml"),
        write(f"{MART}.yml", "    config: {enabled: false}\n"),
        write("snapshots/new.yml", "snapshots:\n  - name: s\n    relation: ref('dim_currency')\n"),
        write("macros/keys.sql", "{% macro newest() %}{{ ref('dim_store') }}{% endmacro %}"),
    ],
)
def test_what_decides_the_tasks_changes_the_digest(project, change):
    before = structure(project)
    change(project)
    assert structure(project) != before


@pytest.mark.parametrize(
    "change",
    [
        write(f"{MART}.sql", "\n-- another query where 1 = 2"),
        edit("description: ", "description: More. ", f"{MART}.yml"),
        write(f"{MART}.yml", "        data_tests: [not_null]\n"),
        write("tests/new_test.sql", "select * from {{ ref('dim_store') }}"),
        write("target/compiled.sql", "select 1"),
        write("README.md", "words"),
        edit("base_currency: USD", "base_currency: EUR", "dbt_project.yml"),
    ],
)
def test_what_counts_in_the_next_task_by_itself_does_not(project, change):
    before = structure(project)
    change(project)
    assert structure(project) == before


def test_it_is_quick_since_every_task_reads_its_dag_file():
    """In processor time: other work of the machine does not count."""
    seconds = []
    for _ in range(5):
        began = time.process_time()
        structure(DBT_PROJECT)
        seconds.append(time.process_time() - began)
    assert min(seconds) < 0.010
