"""Write dbt's manifest, from which the warehouse DAG is made.

    BIKES_STORE_DBT_PROJECT=… BIKES_STORE_DBT_MANIFEST=… python airflow/write_manifest.py

The two variables are those of Airflow's processes, so what is written is what they read. It needs no database. The exit
code is that of `dbt parse`, which says what is wrong with the project.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "dags"))

from bikes_store.dbt_structure import VARIABLE, structure
from bikes_store.environment import dbt_project, manifest_path


def main() -> int:
    project, manifest = dbt_project(), manifest_path()
    target = manifest.parent
    folders = {"project-dir": project, "profiles-dir": project, "target-path": target, "log-path": target}
    options = [f"--{name}={folder}" for name, folder in folders.items()]
    # Of an earlier manifest, dbt would keep the digest.
    command = [str(Path(sys.executable).with_name("dbt")), "--quiet", "--no-use-colors", "parse", "--no-partial-parse"]
    done = subprocess.run([*command, *options], env={**os.environ, VARIABLE: structure(project)})
    if done.returncode == 0 and manifest.name != "manifest.json":
        (target / "manifest.json").replace(manifest)
    return done.returncode


if __name__ == "__main__":
    sys.exit(main())
