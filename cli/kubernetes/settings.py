"""deploy/kubernetes/settings.yaml: what a cluster has to be told."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import MISSING, dataclass, field, fields
from pathlib import Path
from typing import Any

import yaml

from cli.containers.images import read_pinned
from cli.errors import UserError
from cli.kubernetes.names import CELERY, DEPLOY, KUBERNETES
from cli.names import LAKE_ACCESS_KEY
from cli.paths import TERRAFORM, shown

FILE = DEPLOY / "settings.yaml"
EXAMPLE = DEPLOY / "settings.example.yaml"

# As terraform/main.tf has them: those that Grafana knows.
_SSLMODES = ("disable", "require", "verify-ca", "verify-full")
_AUTOSCALING = ("hpa", "keda", "none")
_LABEL = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")
_URL = re.compile(r"https?://[^/ ]+.*")


@dataclass(frozen=True)
class Database:
    """A PostgreSQL elsewhere. ``user`` is empty where the roles of names.yaml log in."""

    host: str
    database: str
    user: str = ""
    port: int = 5432
    sslmode: str = "require"


@dataclass(frozen=True)
class Lake:
    """An S3 elsewhere."""

    endpoint: str
    region: str


@dataclass(frozen=True)
class GitSync:
    """A repository that dags/ and dbt/ come from, and the branch or tag of it."""

    repo: str
    ref: str = "main"


@dataclass(frozen=True)
class Settings:
    """What settings.yaml says, checked. settings.example.yaml says what each is."""

    image: str
    external_source: Database
    external_warehouse: Database
    external_lake: Lake
    namespace: str = "bikes-store"
    executor: str = CELERY
    autoscaling: str = "hpa"
    worker_count: int = 2
    worker_max: int = 6
    worker_concurrency: int | None = None
    airflow_url: str = "http://127.0.0.1:8080"
    dashboards_url: str | None = None
    runbooks_url: str | None = None
    currency_api_url: str = ""
    slack_webhook_url: str = field(default="", repr=False)
    lake_access_key: str = LAKE_ACCESS_KEY
    log_retention_days: int = 30
    images: Mapping[str, str] = field(default_factory=dict)
    image_pull_secret: str | None = None
    storage_class: str | None = None
    monitoring_namespace: str = "monitoring"
    git_sync: GitSync | None = None


def read_settings(path: Path) -> Settings:
    """Read and check a cluster's settings.

    :raises UserError: when the file is missing, or something in it is.
    """
    try:
        content = yaml.safe_load(path.read_text())
    except FileNotFoundError:
        raise UserError(
            f"{shown(path)} does not exist: copy {shown(EXAMPLE)} to it, and say there where your databases, your lake"
            " and your image are."
        ) from None
    except (OSError, yaml.YAMLError) as error:
        raise UserError(f"{shown(path)} can't be read as YAML: {error}") from None
    wrong = _Wrong(path)
    settings = _read(Settings, content, wrong, "")
    _check(settings, wrong)
    return settings


class _Wrong:
    """Ends the command with what is wrong in the file."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __call__(self, what: str) -> UserError:
        return UserError(f"{shown(self._path)}: {what}. {shown(EXAMPLE)} says what each setting is.")


_NESTED = {"external_source": Database, "external_warehouse": Database, "external_lake": Lake, "git_sync": GitSync}


def _read(kind: Any, content: Any, wrong: _Wrong, where: str) -> Any:
    """A dataclass from a mapping, each value of the type that the class names."""
    if not isinstance(content, dict):
        raise wrong(f"{where.rstrip('.') or 'the file'} must have names and values, not {content!r}")
    known = {each.name: each for each in fields(kind)}
    if unknown := [str(name) for name in content if name not in known]:
        raise wrong(f"there is no setting {', '.join(where + name for name in unknown)}")
    for name, each in known.items():
        if each.default is MISSING and each.default_factory is MISSING and content.get(name) is None:
            raise wrong(f"{where}{name} is missing")
    given = {}
    for name, value in content.items():
        if value is None:
            continue
        if name in _NESTED and kind is Settings:
            given[name] = _read(_NESTED[name], value, wrong, f"{name}.")
            continue
        types = {"str": str, "int": int, "Mapping[str, str]": dict}
        wanted = types[str(known[name].type).removesuffix(" | None")]
        if not isinstance(value, wanted) or isinstance(value, bool):
            described = {str: "text", int: "a whole number", dict: "names and values"}[wanted]
            raise wrong(f"{where}{name} must be {described}, not {value!r}")
        given[name] = value
    return kind(**given)


def _check(settings: Settings, wrong: _Wrong) -> None:
    for name, image in {"image": settings.image, **{f"images.{k}": v for k, v in settings.images.items()}}.items():
        # As terraform/variables.tf checks them.
        if not isinstance(image, str) or not re.search(r"[:@][^:@/]+$", image) or image.endswith(":latest"):
            raise wrong(f"{name} must name a release (name:tag), not {image!r}")
    if unknown := sorted(settings.images.keys() - read_pinned(TERRAFORM / "images.yaml").keys()):
        raise wrong(f"images names none of terraform/images.yaml: {', '.join(unknown)}")
    for name in ("namespace", "monitoring_namespace"):
        if not _LABEL.fullmatch(getattr(settings, name)):
            raise wrong(f"{name} must be lower-case letters, digits and hyphens, not {getattr(settings, name)!r}")
    for name, values in (("executor", (CELERY, KUBERNETES)), ("autoscaling", _AUTOSCALING)):
        if getattr(settings, name) not in values:
            raise wrong(f"{name} must be one of {', '.join(values)}, not {getattr(settings, name)!r}")
    for name in ("external_source", "external_warehouse"):
        if (mode := getattr(settings, name).sslmode) not in _SSLMODES:
            raise wrong(f"{name}.sslmode must be one of {', '.join(_SSLMODES)}, not {mode!r}")
    if not settings.external_source.user:
        raise wrong("external_source.user is missing: the role that reads the tables")
    for name, number in (("worker_count", 1), ("worker_concurrency", 1), ("log_retention_days", 1)):
        value = getattr(settings, name)
        if value is not None and value < number:
            raise wrong(f"{name} must be {number} or more, not {value}")
    if settings.worker_max < settings.worker_count:
        raise wrong(f"worker_max is {settings.worker_max}, and worker_count is {settings.worker_count}")
    addresses = {"external_lake.endpoint": settings.external_lake.endpoint}
    for name in ("airflow_url", "dashboards_url", "runbooks_url", "currency_api_url", "slack_webhook_url"):
        if value := getattr(settings, name):
            addresses[name] = value
    for name, value in addresses.items():
        if not _URL.fullmatch(value):
            said = "" if name == "slack_webhook_url" else f", not {value!r}"
            raise wrong(f"{name} must begin with http:// or https://{said}")
