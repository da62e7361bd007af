"""Write the chart's values and all manifests into a folder."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path

from cli.endpoints import Endpoints, dsn_from_here
from cli.errors import UserError
from cli.files import write_private
from cli.kubernetes.fill import dump
from cli.kubernetes.manifests import SECRETS_FILE, manifests
from cli.kubernetes.monitoring import DATASOURCE_FILE, monitoring
from cli.kubernetes.settings import Database, Settings
from cli.kubernetes.values import values
from cli.names import ADMIN, password_of
from cli.paths import shown

#: The files of the folder.
VALUES, RELEASE_FILE, MANIFESTS, MONITORING, ENDPOINTS = (
    "values.yaml",
    "release.yaml",
    "manifests",
    "monitoring",
    "endpoints.json",
)
# What says that a folder is ours to write anew.
_MARK = ".written-by-make"


def write(settings: Settings, known: Mapping[str, str], folder: Path) -> None:
    """Write everything that needs no Helm. What an earlier call wrote is gone.

    :param known: the secrets by the names that names.yaml has.
    :raises UserError: when the folder holds something else.
    """
    _empty(folder)
    (folder / VALUES).write_text(dump([values(settings)]))
    for name, documents in ((MANIFESTS, manifests(settings, known)), (MONITORING, monitoring(settings, known))):
        (folder / name).mkdir()
        for file, content in documents.items():
            if file in (SECRETS_FILE, DATASOURCE_FILE):
                write_private(folder / name / file, dump(content))
            else:
                (folder / name / file).write_text(dump(content))
    endpoints(settings, known).write(folder / ENDPOINTS)


def endpoints(settings: Settings, known: Mapping[str, str]) -> Endpoints:
    """What `make run-pipeline` needs, from a machine that reaches the databases, the lake and Airflow's page."""

    def dsn(database: Database, role: str) -> str:
        return dsn_from_here(
            host=database.host,
            port=database.port,
            database=database.database,
            user=database.user or role,
            password=known[password_of(role)],
            sslmode=database.sslmode,
        )

    return Endpoints(
        airflow_url=settings.airflow_url,
        airflow_user=ADMIN,
        airflow_password=known["airflow_admin_password"],
        source_dsn=dsn(settings.external_source, "source_reader"),
        warehouse_dsn=dsn(settings.external_warehouse, "dbt"),
        lake_endpoint=settings.external_lake.endpoint,
        lake_access_key=settings.lake_access_key,
        lake_secret_key=known["lake_secret_key"],
        source_elsewhere=settings.external_source.host,
    )


def _empty(folder: Path) -> None:
    if folder.exists() and any(folder.iterdir()) and not (folder / _MARK).exists():
        raise UserError(f"{shown(folder)} holds files that `make cluster-render` did not write: name another OUTPUT.")
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    (folder / _MARK).touch()
