"""The names that the platform's parts share, read from names.yaml. Terraform reads the same file."""

from __future__ import annotations

import yaml

from cli.paths import REPOSITORY

_CONTENT = yaml.safe_load((REPOSITORY / "names.yaml").read_text())

#: What the platform calls each database => its name in PostgreSQL.
DATABASES: dict[str, str] = _CONTENT["databases"]
#: The database, as the platform calls it => the roles that belong to it.
ROLES: dict[str, list[str]] = _CONTENT["roles"]
#: Who logs in to Airflow's page.
ADMIN: str = _CONTENT["admin"]
#: Who owns the servers of the source and the warehouse.
SUPERUSER: str = _CONTENT["superuser"]
LAKE_REGION: str = _CONTENT["lake"]["region"]
LAKE_ACCESS_KEY: str = _CONTENT["lake"]["access_key"]
#: The buckets by what they hold: logs, data.
BUCKETS: dict[str, str] = _CONTENT["lake"]["buckets"]


def password_of(role: str) -> str:
    """The name of a role's secret."""
    return f"{role}_password"


#: The names of all secrets.
SECRETS: list[str] = [*_CONTENT["secrets"], *(password_of(role) for roles in ROLES.values() for role in roles)]
