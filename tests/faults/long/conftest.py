"""One platform for all its faults. Each test leaves it up and right."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
from rich.console import Console

from cli import airflow_client
from cli.paths import REPOSITORY
from cli.processes import airflow, lake
from cli.processes.platform import Platform, remove
from cli.processes.settings import Settings, generate_secrets
from tests.faults.stack import QUICK, Stack
from tests.faults.twins import SHRINK, Twins
from tests.support.ports import free_ports
from tests.support.services import Postgres, Services
from tests.support.web import web_server


@pytest.fixture(scope="module")
def stack(fast: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """Both DAGs have run once, on a small source."""
    home = fast / "demo"
    home.mkdir()
    settings = Settings(home, free_ports(), generate_secrets())
    variables = {**airflow.environment(settings), **QUICK}
    variables["PYTHONPATH"] = str(REPOSITORY / "tests" / "faults" / "policy")
    with pytest.MonkeyPatch.context() as patch, web_server() as slack:
        patch.setattr(airflow, "environment", lambda _: variables)
        try:
            with Platform(settings, Console(quiet=True)) as platform:
                platform.start(scale=1, dump=None, currency_url="", slack_webhook=slack.url)
                server = Postgres(settings)
                twins = Twins(
                    server,
                    lake.client(settings),
                    settings.source_dsn,
                    settings.warehouse_dsn,
                    settings.dsn("clean"),
                    tmp_path_factory.mktemp("target"),
                    after_each=True,
                )
                twins.execute(twins.source, SHRINK)
                client = platform.endpoints().airflow()
                airflow_client.wait_for_dags(client)
                first_day = datetime.now(timezone.utc).replace(hour=0, minute=0, second=0, microsecond=0)
                first_day -= timedelta(days=1)
                services = Services(settings, platform.supervisor)
                made = Stack(settings, services, client, slack, twins, first_day)
                made.assert_success(airflow_client.start_run(client, first_day.date()))
                server.create_database("clean", "warehouse")
                yield made
        finally:
            remove(home)
