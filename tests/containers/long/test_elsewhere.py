"""Source, warehouse and lake elsewhere, as docs/growing.md says: a PostgreSQL and an S3 that the stack does not make.

The tests are steps of one story, in this order.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from cli.containers.secrets_file import FILE, read_secrets
from cli.database import connect as connect_database
from cli.database import query
from cli.lake import connect
from cli.names import BUCKETS, DATABASES, ROLES, password_of
from cli.paths import REPOSITORY
from cli.processes import postgres
from source.fill import fill
from tests.support.elsewhere import OWNERS_SECRET, PIPELINES_SECRET, lake_elsewhere, postgres_elsewhere
from tests.support.engine import find_leftovers, remove_leftovers

NAME = "bikes-store-elsewhere"
OWNER = "warehouse_owner"  # of the database alone: it is no superuser
PAGE = (REPOSITORY / "docs" / "growing.md").read_text()


@pytest.fixture(scope="module")
def address(engine):
    """Where this machine is reached from containers."""
    return engine.networks.get("bridge").attrs["IPAM"]["Config"][0]["Gateway"]


@pytest.fixture(scope="module")
def databases(address, tmp_path_factory):
    """A server with the source, full, and with the warehouse, prepared by its owner with the commands of the page."""
    with postgres_elsewhere(tmp_path_factory.mktemp("databases"), address) as settings:
        postgres.create_database(settings, DATABASES["source"])
        fill(postgres.psql(settings.source_dsn), 1, None, settings.passwords(*ROLES["source"]))
        postgres.create_role(settings, OWNER, "owners")
        with connect_database(settings.dsn("postgres")) as session, session.cursor() as cursor:
            cursor.execute(f"ALTER ROLE {OWNER} CREATEROLE")
        postgres.create_database(settings, DATABASES["warehouse"], owner=OWNER)
        (block,) = (
            each for each in re.findall(r"^```sh\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL) if "ROLES" in each
        )
        roles = json.dumps(settings.passwords(*ROLES["warehouse"]))
        commands = re.sub(r"'\{.*\}'", lambda _: f"'{roles}'", block).replace("dwh.example.com", address)
        login = {"PGUSER": OWNER, "PGPASSWORD": "owners", "PGPORT": str(settings.ports["postgres"])}
        path = f"{postgres.find_binaries()}:/usr/bin:/bin"
        environment = {**login, "PGSSLMODE": "require", "PATH": path}
        done = subprocess.run(["sh", "-ec", commands], cwd=REPOSITORY, env=environment, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        yield settings


@pytest.fixture(scope="module")
def lake(address, tmp_path_factory):
    with lake_elsewhere(tmp_path_factory.mktemp("lake"), address) as url:
        yield url


@pytest.fixture(scope="module")
def stack(engine, make_stack, databases, lake, address):
    remove_leftovers(engine, NAME)
    server = {"host": address, "port": databases.ports["postgres"]}
    made = make_stack(
        NAME,
        external_source=json.dumps({**server, "database": DATABASES["source"], "user": "source_reader"}),
        external_warehouse=json.dumps({**server, "database": DATABASES["warehouse"]}),
        external_lake=json.dumps({"endpoint": lake, "region": "us-east-1"}),
    )
    assert made.command("secrets").returncode == 0
    put_theirs(made.folder, databases)
    try:
        made.up()
        yield made
    finally:
        remove_leftovers(engine, NAME)


def put_theirs(folder: Path, databases) -> None:
    """Put the passwords of what is elsewhere in the place of those that were made."""
    theirs = {
        password_of(role): databases.secrets[password_of(role)] for role in ("source_reader", *ROLES["warehouse"])
    }
    theirs["lake_secret_key"] = PIPELINES_SECRET
    file = folder / FILE
    kept = json.loads(file.read_text())
    assert set(theirs) <= set(kept["secrets"])
    kept["secrets"] |= theirs
    file.write_text(json.dumps(kept))
    assert read_secrets(folder)["lake_secret_key"] == PIPELINES_SECRET


def test_the_stack_makes_none_of_the_three(stack):
    running = {each.name.removeprefix(f"{NAME}-") for each in stack.engine.containers.list(filters={"name": NAME})}
    assert "airflow-scheduler" in running
    assert running.isdisjoint({"source", "warehouse", "lake", "source-exporter", "warehouse-exporter"})


def test_a_second_plan_is_empty(stack):
    done = stack.terraform("plan", "-detailed-exitcode", "-no-color")
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr


def test_both_dags_succeed_and_the_report_agrees(stack):
    done = stack.run(sys.executable, "-m", "cli.run", ENDPOINTS=str(stack.folder / "endpoints.json"))
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-2000:]
    assert "source, lake, staging and warehouse agree" in done.stdout


def test_the_rows_are_elsewhere(stack, databases, lake):
    def count(database, table):
        ((rows,),) = query(databases.dsn(DATABASES[database]), f"SELECT count(*) FROM {table}")
        return rows

    assert count("warehouse", "warehouse.fact_order") == count("source", "sales.salesorderdetail") > 0
    owner = connect(lake, "owner", OWNERS_SECRET)
    for bucket in BUCKETS.values():
        assert owner.list_objects_v2(Bucket=bucket)["KeyCount"] > 0, bucket


def test_a_backup_of_a_warehouse_elsewhere_is_left_to_its_owner(stack):
    done = stack.command("backup")
    assert done.returncode == 1
    assert "a warehouse elsewhere is backed up and restored there" in " ".join((done.stdout + done.stderr).split())


def test_down_leaves_what_is_elsewhere(stack, databases, lake):
    done = stack.command("down")
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    assert find_leftovers(stack.engine, NAME) == []
    assert query(databases.dsn(DATABASES["warehouse"]), "SELECT count(*) > 0 FROM warehouse.fact_order") == [(True,)]
    assert connect(lake, "owner", OWNERS_SECRET).list_objects_v2(Bucket=BUCKETS["data"])["KeyCount"] > 0
