"""Databases elsewhere: a second PostgreSQL that takes nobody without TLS, and the connections that init makes."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest
import yaml

from bikes_store.airflow_glue import connections
from bikes_store.errors import Unavailable
from cli.names import DATABASES, password_of
from cli.paths import AIRFLOW
from cli.processes import postgres
from cli.processes.airflow import init_values
from tests.support.elsewhere import postgres_elsewhere


@pytest.fixture(scope="module")
def elsewhere(tmp_path_factory):
    """The settings of a server with a certificate of its own, whose roles may log in by TLS alone."""
    with postgres_elsewhere(tmp_path_factory.mktemp("elsewhere")) as settings:
        for database in ("source", "warehouse"):
            postgres.create_database(settings, DATABASES[database])
        for role in ("source_reader", "staging_loader", "dbt"):
            postgres.create_role(settings, role, settings.secrets[password_of(role)])
        yield settings


@pytest.fixture
def airflow(elsewhere, monkeypatch, tmp_path):
    """Put the connections, as init makes them with a sslmode, into the environment."""

    def made(sslmode):
        values = init_values(elsewhere, "http://x", "") | {"SOURCE_SSLMODE": sslmode, "WAREHOUSE_SSLMODE": sslmode}
        command = [sys.executable, str(AIRFLOW / "fill_in.py"), str(AIRFLOW / "airflow_connections_init.yaml")]
        done = subprocess.run(command, env={**os.environ, **values}, capture_output=True, text=True, check=True)
        for name, value in yaml.safe_load(done.stdout).items():
            value["extra"] = json.dumps(value.pop("extra_dejson", {}))
            monkeypatch.setenv(f"AIRFLOW_CONN_{name.upper()}", json.dumps(value))

    return made


OF_DATABASES = (connections.SOURCE, connections.STAGING, connections.WAREHOUSE)


@pytest.mark.parametrize("name", OF_DATABASES)
def test_sessions_are_encrypted(airflow, name):
    airflow("require")
    session = connections.connect(name)
    assert session.info.ssl_in_use
    session.close()


@pytest.mark.parametrize("name", OF_DATABASES)
def test_a_session_without_tls_is_refused_by_such_a_server(airflow, name):
    airflow("disable")
    with pytest.raises(Unavailable, match="no encryption"):
        connections.connect(name)


def test_the_certificate_is_compared_with_those_that_are_trusted(airflow, elsewhere, monkeypatch, tmp_path):
    airflow("verify-full")
    monkeypatch.setenv("PGSSLROOTCERT", str(tmp_path / "none.crt"))
    with pytest.raises(Unavailable, match="root certificate file"):
        connections.connect(connections.SOURCE)
    monkeypatch.setenv("PGSSLROOTCERT", str(elsewhere.home / "trusted.crt"))
    connections.connect(connections.SOURCE).close()


def test_dbt_connects_in_the_same_way(airflow):
    from cosmos.profiles import PostgresUserPasswordProfileMapping

    airflow("verify-ca")
    mapping = PostgresUserPasswordProfileMapping(conn_id=connections.WAREHOUSE, profile_args={"schema": "x"})
    assert mapping.profile["sslmode"] == "verify-ca"
