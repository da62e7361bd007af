"""Only the glue knows Airflow, and one module reads the environment. tests/test_imports.py has the other rules."""

from __future__ import annotations

import pytest

from cli.paths import REPOSITORY
from tests.support.imports import imported, is_in

DAGS = REPOSITORY / "dags"
FILES = {str(path.relative_to(DAGS)): path for path in sorted(DAGS.rglob("*.py"))}
# A DAG file is Airflow's; so is the glue.
KNOWS_AIRFLOW = {name for name in FILES if "/" not in name or name.startswith("bikes_store/airflow_glue/")}
GLUE = "bikes_store.airflow_glue"


def test_there_is_something_to_look_at():
    assert {"bikes_store_staging.py", "bikes_store/tables.py", "bikes_store/airflow_glue/tasks.py"} <= set(FILES)
    assert "airflow.DAG" in set(imported(FILES["bikes_store_staging.py"]))


@pytest.mark.parametrize("name", sorted(set(FILES) - KNOWS_AIRFLOW))
def test_only_the_glue_imports_airflow(name):
    modules = list(imported(FILES[name]))
    assert [module for module in modules if is_in(module, "airflow") or is_in(module, "cosmos")] == []
    assert [module for module in modules if is_in(module, GLUE)] == []


@pytest.mark.parametrize("name", sorted(set(FILES) - {"bikes_store/environment.py"}))
def test_only_one_module_reads_the_environment(name):
    assert [module for module in imported(FILES[name]) if is_in(module, "os")] == []
