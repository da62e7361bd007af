"""Where things are in this repository."""

from pathlib import Path

REPOSITORY = Path(__file__).resolve().parent.parent
AIRFLOW = REPOSITORY / "airflow"
DBT_PROJECT = REPOSITORY / "dbt" / "bikes_store_warehouse"

#: Everything that the processes of `make demo` write.
DEMO_HOME = REPOSITORY / ".demo"
#: Terraform's root module.
TERRAFORM = REPOSITORY / "terraform"


def manifest_in(home: Path) -> Path:
    """Where a demo has dbt's manifest.

    :param home: the demo's folder.
    """
    return home / "dbt" / "manifest.json"


def shown(path: Path) -> str:
    """A path as a person reads it: from the repository's folder on, where it is in there."""
    return str(path.relative_to(REPOSITORY)) if path.is_relative_to(REPOSITORY) else str(path)
