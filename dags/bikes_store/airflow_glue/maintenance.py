"""What the tasks of the maintenance DAG call: they remove what has been kept for long enough."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from airflow.configuration import conf
from airflow.models.dagrun import DagRun
from airflow.utils import timezone
from airflow.utils.session import NEW_SESSION, provide_session
from airflow.utils.state import DagRunState
from sqlalchemy import select

from bikes_store.airflow_glue import connections, variables
from bikes_store.airflow_glue.failures import no_retry_when_refused
from bikes_store.airflow_glue.turns import STAGING_DAG
from bikes_store.errors import Unavailable
from bikes_store.quantities import Quantity

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from sqlalchemy.orm import Session

    from bikes_store.retention import Removed

log = logging.getLogger(__name__)


def clean_metadata() -> str | None:
    """Remove old runs, and what belongs to them, from Airflow's database. The last scheduled run of a DAG stays.

    :return: for the UI, before which moment; None when they are kept for ever.
    """
    from airflow.utils.db_cleanup import run_cleanup

    before = _before(variables.KEEP_METADATA)
    if before is None:
        return None
    with _failing_with_tables():
        run_cleanup(clean_before_timestamp=before, confirm=False, skip_archive=True)
    return before.isoformat()


def remove_old_extracts() -> dict[str, int] | None:
    """Remove what extract tasks wrote to the lake long ago.

    :return: for the UI, the number of objects and their bytes; None when they are kept for ever.
    """
    from bikes_store import retention

    # Who is in flight is asked first: a run that begins after that writes objects of its own, which are new.
    return _remove(
        variables.KEEP_EXTRACTS, lambda lake, before: retention.remove_extracts(lake, before, _runs_in_flight())
    )


def remove_old_logs() -> dict[str, int] | None:
    """Remove the logs of tasks that ended long ago from the lake.

    :return: for the UI, the number of objects and their bytes; None when they are kept for ever.
    """
    from bikes_store import retention

    place = urlsplit(conf.get("logging", "remote_base_log_folder"))  # s3://bucket/folder
    return _remove(
        variables.KEEP_LOGS, lambda lake, before: retention.remove_logs(lake, place.netloc, place.path, before)
    )


def _remove(quantity: Quantity, remove: Callable[[S3Client, datetime], Removed]) -> dict[str, int] | None:
    before = _before(quantity)
    if before is None:
        return None
    with no_retry_when_refused():
        return remove(connections.lake_client(), before)._asdict()


def _before(quantity: Quantity) -> datetime | None:
    with no_retry_when_refused():
        age: timedelta | None = variables.kept(quantity)
    if age is None:
        log.info("%s is 0: nothing is removed", quantity.variable)
        return None
    before: datetime = timezone.utcnow() - age
    log.info("%s: what is older than %s is removed", quantity.variable, before)
    return before


@provide_session
def _runs_in_flight(session: Session = NEW_SESSION) -> list[str]:
    """The staging runs that have not ended."""
    ended = (DagRunState.SUCCESS, DagRunState.FAILED)
    return list(session.scalars(select(DagRun.run_id).where(DagRun.dag_id == STAGING_DAG, DagRun.state.not_in(ended))))


class _Failures(logging.Handler):
    """Keeps what a logger says about tables that could not be cleaned."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.told: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        if record.getMessage().startswith("Encountered error"):
            self.told.append(record.getMessage().strip())


@contextmanager
def _failing_with_tables() -> Iterator[None]:
    """Fail when a table could not be cleaned. Airflow's clean-up only warns of it, and goes on with the next one.

    :raises Unavailable: with the warnings, when the block has ended.
    """
    logger, failures = logging.getLogger("airflow.utils.db_cleanup"), _Failures()
    logger.addHandler(failures)
    try:
        yield
    finally:
        logger.removeHandler(failures)
    if failures.told:
        raise Unavailable(f"Airflow's database was not cleaned as a whole: {' '.join(failures.told)}")
