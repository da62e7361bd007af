"""The addresses and logins of a running stack, as `endpoints.json` holds them.

    python -m cli.endpoints

ends with 0 when there are some, and says in a sentence when not.
"""

from __future__ import annotations

import json
import os
import sys
from dataclasses import MISSING, asdict, dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

from psycopg2.extensions import parse_dsn

from cli.airflow_client import Airflow
from cli.console import run_command
from cli.errors import UserError
from cli.files import write_private
from cli.lake import connect
from cli.paths import DEMO_HOME, TERRAFORM

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


#: The files that the two ways to run the platform write.
OF_PROCESSES = DEMO_HOME / "endpoints.json"
#: The demo's databases, for PostgreSQL's own programs.
SERVICES_OF_PROCESSES = DEMO_HOME / "pg_service.conf"
OF_CONTAINERS = TERRAFORM / "endpoints.json"


def find_endpoints(named: str | None) -> Path:
    """The endpoints file of the stack that is up.

    :param named: a file to use in any case. Without it, the stack in containers comes first, then the demo.
    """
    if named:
        return Path(named)
    return OF_CONTAINERS if OF_CONTAINERS.exists() else OF_PROCESSES


def dsn_from_here(*, host: str, port: int, database: str, user: str, password: str, sslmode: str) -> str:
    """How this machine reaches a database that the pipeline reaches with ``sslmode``: by TLS or not, as it does.

    Whether the certificate is one to trust is for the pipeline to see: this machine may not know who signed it.
    """
    login = f"{quote(user, safe='')}:{quote(password, safe='')}"
    tls = "disable" if sslmode == "disable" else "require"
    return f"postgresql://{login}@{host}:{port}/{database}?sslmode={tls}"


@dataclass(frozen=True)
class Endpoints:
    """Addresses and logins of a stack that runs the DAGs.

    ``prometheus_url`` is empty where there is none: the demo runs without Prometheus too. ``source_elsewhere`` is the
    host of a source that the stack did not make; empty for its own.
    """

    airflow_url: str
    airflow_user: str
    airflow_password: str
    source_dsn: str
    warehouse_dsn: str
    lake_endpoint: str
    lake_access_key: str
    lake_secret_key: str
    prometheus_url: str = ""
    source_elsewhere: str = ""

    def write(self, path: Path) -> None:
        """Write them to a file that only its owner can read."""
        write_private(path, json.dumps(asdict(self), indent=2) + "\n")

    def write_services(self, path: Path) -> None:
        """Write the databases as services for PostgreSQL's programs, to a file that only its owner can read.

        With the file as PGSERVICEFILE, `psql service=source` logs in, and no command line has the password.
        https://www.postgresql.org/docs/current/libpq-pgservice.html
        """
        text = ""
        for name, dsn in (("source", self.source_dsn), ("warehouse", self.warehouse_dsn)):
            text += f"[{name}]\n" + "".join(f"{key}={value}\n" for key, value in parse_dsn(dsn).items())
        write_private(path, text)

    @classmethod
    def read(cls, path: Path) -> Endpoints:
        """Read the endpoints from a file.

        :raises UserError: when the file is missing or is not an endpoints file.
        """
        names = [field.name for field in fields(cls) if field.default is MISSING]
        optional = [field.name for field in fields(cls) if field.default is not MISSING]
        try:
            content = json.loads(path.read_text())
            given = [*names, *(name for name in optional if name in content)]
            return cls(**{name: str(content[name]) for name in given})
        except FileNotFoundError:
            raise UserError(f"{path} does not exist: is the stack up? `make demo` or `make up` starts one.") from None
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise UserError(f"{path} must be a JSON object with {', '.join(names)}: {error}.") from None

    def airflow(self) -> Airflow:
        """A client of Airflow's REST API."""
        return Airflow(self.airflow_url, self.airflow_user, self.airflow_password)

    def lake(self) -> S3Client:
        """A client of the lake."""
        return connect(self.lake_endpoint, self.lake_access_key, self.lake_secret_key)


def main() -> int:
    def find(_: object) -> int:
        Endpoints.read(find_endpoints(os.environ.get("ENDPOINTS")))
        return 0

    return run_command(find, "Stopped.")


if __name__ == "__main__":
    sys.exit(main())
