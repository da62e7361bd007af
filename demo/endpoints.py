"""Where a running stack is to be reached, and how to log in: what `endpoints.json` holds."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING

from demo.lake import connect
from demo.settings import DemoError, write_private

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


@dataclass(frozen=True)
class Endpoints:
    """Addresses and logins of a stack, the demo's or any other that runs the same DAGs."""

    airflow_url: str
    airflow_user: str
    airflow_password: str
    source_dsn: str
    warehouse_dsn: str
    s3_endpoint: str
    s3_access_key: str
    s3_secret_key: str

    def write(self, path: Path) -> None:
        """Keep them in a file that only its owner can read."""
        write_private(path, json.dumps(asdict(self), indent=2) + "\n")

    @classmethod
    def read(cls, path: Path) -> Endpoints:
        """:raises DemoError: when the file is missing or is not one of ours."""
        names = [field.name for field in fields(cls)]
        try:
            content = json.loads(path.read_text())
            return cls(**{name: str(content[name]) for name in names})
        except FileNotFoundError:
            raise DemoError(f"{path} does not exist: is the stack up? `make demo` or `make up` starts one.") from None
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise DemoError(f"{path} must be a JSON object with {', '.join(names)}: {error}.") from None

    def lake(self) -> S3Client:
        """A client of the lake."""
        return connect(self.s3_endpoint, self.s3_access_key, self.s3_secret_key)
