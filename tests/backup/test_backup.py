"""Back up a stack, and restore it into an empty one: real databases, a real lake, little data."""

from __future__ import annotations

import json
import os
import shutil
import stat
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import psycopg2
import pytest
from cryptography.fernet import Fernet
from rich.console import Console
from sqlalchemy import create_engine

from cli.backup import lake, metadata, steps
from cli.backup.database import Database
from cli.backup.lake import Bucket
from cli.backup.manifest import Manifest
from cli.backup.steps import Stores, make_backup, open_backup, restore
from cli.containers import stores as of_containers
from cli.database import connect, psql_of, query
from cli.endpoints import Endpoints
from cli.errors import UserError
from cli.names import BUCKETS, ROLES, password_of
from cli.paths import REPOSITORY
from cli.processes.postgres import find_binaries, psql
from cli.secrets import new_fernet_key
from tests.support.pages import block
from tests.support.proxy import ENDS, Point, proxy
from tests.support.services import lake_at

QUIET = Console(quiet=True)
KINDS = tuple(BUCKETS)


@pytest.fixture(scope="module")
def templates(services, postgres):
    """An empty metadata database with some tables of Airflow's models, and an empty warehouse."""
    from airflow.models import Connection, DagRun, Variable
    from airflow.models.base import Base
    from airflow.models.tasklog import LogTemplate
    from airflow.models.trigger import Trigger

    tables = [model.__table__ for model in (Connection, DagRun, LogTemplate, Trigger, Variable)]
    dsn = postgres.create_database("template_backup_airflow")
    engine = create_engine(dsn.replace("postgresql:", "postgresql+psycopg2:"))
    Base.metadata.create_all(engine, tables)
    engine.dispose()
    revision = sorted(metadata.known_revisions())[0]
    execute(
        dsn,
        "CREATE TABLE alembic_version (version_num text); INSERT INTO alembic_version VALUES (%s)",
        revision,
    )
    folder = REPOSITORY / "warehouse"
    roles = {"ROLES": json.dumps(services.settings.passwords(*ROLES["warehouse"]))}
    dsn = postgres.create_database("template_backup_warehouse")
    psql(dsn).run(folder / "staging.sql", folder / "roles.sql", environment=roles)


@pytest.fixture(scope="module")
def make_stores(postgres, s3, templates):
    """Make the stores of a new stack, with names that begin with a prefix."""

    def make(prefix: str) -> Stores:
        def database(name: str) -> Database:
            dsn = postgres.create_database(f"{prefix}_{name}", f"template_backup_{name}")
            return Database(name, psql_of(dsn).connection, str(find_binaries()))

        buckets = [Bucket(kind, s3, f"{prefix}-{kind}") for kind in BUCKETS]
        for bucket in buckets:
            s3.create_bucket(Bucket=bucket.name)
        return Stores(database("airflow"), database("warehouse"), buckets, new_fernet_key())

    return make


@pytest.fixture(scope="module")
def full(make_stores, services, s3):
    """A stack with a row or an object of each kind."""
    stores = make_stores("full")
    token = Fernet(stores.fernet_key).encrypt(b"s3cret").decode()
    airflow, warehouse = dsn_of(stores.airflow), dsn_of(stores.warehouse)
    execute(
        airflow,
        "INSERT INTO connection (conn_id, conn_type, password, is_encrypted, is_extra_encrypted)"
        " VALUES ('staging', 'postgres', %s, true, false), ('plain', 'http', NULL, false, false)",
        token,
    )
    execute(airflow, "INSERT INTO variable (key, val, is_encrypted) VALUES ('MODE', %s, true)", token)
    add_run(stores, "success")
    execute(
        warehouse,
        "INSERT INTO bikes_store_staging.currency (currencycode, name)"
        " VALUES ('EUR', E'Euro \\t \\\\N €'), ('USD', '')",
    )
    execute(
        login(services, "full_warehouse", "dbt"),
        "CREATE TABLE warehouse.mart (id int GENERATED ALWAYS AS IDENTITY, amount numeric, at timestamptz, t xml);"
        "INSERT INTO warehouse.mart (amount, at) VALUES (1.00, '2024-09-01'), ('NaN', 'infinity');"
        "COMMENT ON TABLE warehouse.mart IS 'A mart.'",
    )
    put(s3, "full-data", "sales.x/run.csv", b"1\n2\n", rows="2")
    put(s3, "full-data", "sales.x/run.csv/and below", b"")
    long_name = "dag_id=a/run_id=manual__2024-09-01T00:00:00+00:00/ä" + "x" * 120
    put(s3, "full-logs", f"{long_name}.log", os.urandom(9_000_000))  # two parts
    return stores


@pytest.fixture(scope="module")
def made(full, tmp_path_factory):
    """The folder of a backup of that stack."""
    folder = tmp_path_factory.mktemp("made") / "backups" / "one"
    make_backup(QUIET, full, folder)
    return folder


@pytest.fixture
def copy(made, tmp_path):
    """A copy of that folder, to be spoiled."""
    return Path(shutil.copytree(made, tmp_path / "copy"))


@pytest.fixture(scope="module")
def empty(make_stores):
    """An empty stack, which every test leaves as it is."""
    stores = make_stores("empty")
    before = [checksums(database) for database in stores.databases], objects(stores)
    yield stores
    assert ([checksums(database) for database in stores.databases], objects(stores)) == before


@pytest.fixture(scope="module")
def restored(make_stores, made):
    """A stack that was empty, and got the backup."""
    stores = make_stores("restored")
    restore(QUIET, stores, open_backup({"BACKUP": str(made)}), replace=False)
    return stores


def test_what_is_restored_into_an_empty_stack_is_what_was_backed_up(full, restored, services):
    stores = restored
    assert checksums(stores.warehouse) == checksums(full.warehouse)
    before, after = checksums(full.airflow), checksums(stores.airflow)
    # Another stack has another Fernet key.
    assert {name for name in before | after if before.get(name) != after.get(name)} == {
        "public.connection",
        "public.variable",
    }
    for table, column in (("connection", "password"), ("variable", "val")):
        rows = query(dsn_of(stores.airflow), f"SELECT {column} FROM {table} WHERE is_encrypted")
        assert [Fernet(stores.fernet_key).decrypt(value.encode()) for (value,) in rows] == [b"s3cret"]
    assert objects(stores) == objects(full)


def test_after_a_restore_the_roles_may_do_what_they_could_before_and_no_more(restored, services):
    loader, dbt, reporter = (login(services, "restored_warehouse", role) for role in ROLES["warehouse"])
    execute(loader, "DELETE FROM bikes_store_staging.currency WHERE currencycode = 'USD'")
    execute(dbt, "INSERT INTO warehouse.mart (amount) VALUES (3)")
    assert query(dbt, "SELECT max(id) FROM warehouse.mart") == [(3,)]
    execute(dbt, "CREATE TABLE warehouse.later (a int); ALTER TABLE warehouse.mart RENAME TO fact")
    assert query(reporter, "SELECT count(*) FROM warehouse.fact, warehouse.later") == [(0,)]
    for dsn, statement in (
        (reporter, "DELETE FROM warehouse.fact"),
        (loader, "DROP TABLE bikes_store_staging.currency"),
        (dbt, "DELETE FROM bikes_store_staging.currency"),
        (dbt, "CREATE TABLE public.x (a int)"),
    ):
        with pytest.raises(psycopg2.errors.InsufficientPrivilege):
            execute(dsn, statement)


def test_a_backup_is_for_its_owner_alone_and_says_what_it_is(made):
    folder = made
    assert [stat.S_IMODE(path.stat().st_mode) for path in (folder.parent, folder)] == [0o700, 0o700]
    assert {stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()} == {0o600}
    assert [path.name for path in folder.parent.iterdir()] == ["one"]
    manifest = Manifest.read(folder)
    assert manifest.contents["warehouse"]["bikes_store_staging.currency"][0] == "2"
    assert manifest.objects == {"data": 2, "logs": 1}
    assert manifest.airflow == metadata.release()


def test_one_table_by_hand(full, copy, s3, tmp_path):
    """The commands of docs/backup.md. One key of the data is below another, which no folder can hold: so the logs."""
    (tmp_path / "backups").mkdir()
    copy.rename(tmp_path / "backups" / "one")
    commands = block("docs/backup.md", "sh", "pg_restore").replace("…", "one").replace("data.tar", "logs.tar")
    environment = {**os.environ, "PATH": f"{find_binaries()}:{os.environ['PATH']}"}
    done = subprocess.run(
        ["sh", "-euc", commands], cwd=tmp_path, env=environment, capture_output=True, text=True, check=True
    )
    assert "\nEUR\tEuro \\t \\\\N €\t" in done.stdout
    folder = tmp_path / "backups" / "objects"
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    extracted = {str(path.relative_to(folder)): path.stat().st_size for path in folder.rglob("*") if path.is_file()}
    (logs,) = (bucket for bucket in full.buckets if bucket.kind == "logs")
    assert extracted == logs.sizes()


def test_a_stack_that_holds_something_is_replaced_only_when_asked(full, made, restored, s3):
    backup = open_backup({"BACKUP": str(made)})
    execute(dsn_of(restored.warehouse), "CREATE TABLE warehouse.mine AS SELECT 1 AS a")
    put(s3, "restored-data", "mine.csv", b"1")
    before = checksums(restored.warehouse)
    said = r"not empty \(runs in Airflow: 1, tables with rows in the warehouse: 3, .* restored-data: 3\).*REPLACE=1"
    with pytest.raises(UserError, match=said):
        restore(QUIET, restored, backup, replace=False)
    assert checksums(restored.warehouse) == before
    # A session that stays open, as a dashboard has one.
    with psycopg2.connect(dsn_of(restored.warehouse)):
        restore(QUIET, restored, backup, replace=True)
    assert checksums(restored.warehouse) == checksums(full.warehouse)
    assert objects(restored) == objects(full)


def test_while_a_run_is_in_flight_nothing_is_backed_up_or_restored(full, made, tmp_path):
    add_run(full, "running")
    for attempt in (
        lambda: make_backup(QUIET, full, tmp_path / "two"),
        lambda: restore(QUIET, full, open_backup({"BACKUP": str(made)}), replace=True),
    ):
        with pytest.raises(UserError, match="The run bikes_store_staging manual__2 is in flight, of 1: wait"):
            attempt()
    remove_running(full)
    assert list(tmp_path.iterdir()) == []


def test_a_run_that_begins_meanwhile_spoils_the_backup(full, tmp_path, monkeypatch):
    save = Bucket.save

    def slow(bucket, path):
        add_run(full, "running")
        monkeypatch.undo()
        return save(bucket, path)

    monkeypatch.setattr(Bucket, "save", slow)
    with pytest.raises(UserError, match="A run began while the backup was made"):
        make_backup(QUIET, full, tmp_path / "one")
    remove_running(full)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        ("no bucket", "The lake can't be used for s3://nowhere/"),
        ("no password", 'pg_dump failed|psql failed.*password authentication failed for user "postgres"'),
        ("no program", "/nowhere/psql is not on this machine"),
        ("no room", "has 0 MB free; this may need"),
    ],
)
def test_a_backup_that_fails_leaves_nothing(full, tmp_path, monkeypatch, fault, said):
    stores = full
    if fault == "no bucket":
        stores = replace(full, buckets=[*full.buckets, replace(full.buckets[0], name="nowhere")])
    if fault == "no password":
        wrong = replace(full.warehouse, connection={**full.warehouse.connection, "PGPASSWORD": "wrong"})
        stores = replace(full, warehouse=wrong)
    if fault == "no program":
        stores = replace(full, warehouse=replace(full.warehouse, folder="/nowhere"))
    if fault == "no room":
        monkeypatch.setattr(steps.shutil, "disk_usage", lambda _: Free())
    with pytest.raises(UserError, match=said):
        make_backup(QUIET, stores, tmp_path / "one")
    assert list(tmp_path.iterdir()) == []


class Free:
    free = 0


@pytest.mark.parametrize("orderly", ENDS)
def test_an_object_that_is_cut_off_leaves_no_backup(full, services, tmp_path, orderly):
    with proxy(services.settings.ports["s3"]) as to_lake:
        client = lake_at(services.settings, to_lake.port)
        broken = replace(full, buckets=[replace(bucket, client=client) for bucket in full.buckets])
        reached = to_lake.cut_at(Point("client", 1_000_000, times=0, orderly=orderly))
        with pytest.raises(UserError, match=r"s3://full-logs/.*(broken|end of data|bytes expected)"):
            make_backup(QUIET, broken, tmp_path / "one")
    assert reached.is_set()
    assert list(tmp_path.iterdir()) == []


def test_a_disk_that_fills_up_leaves_no_backup(full, tmp_path, monkeypatch):

    def cut(tar, entry, body):
        raise OSError("No space left on device")

    monkeypatch.setattr(lake.tarfile.TarFile, "addfile", cut)
    with pytest.raises(UserError, match=r"s3://full-.* could not be copied: No space left on device"):
        make_backup(QUIET, full, tmp_path / "one")
    assert list(tmp_path.iterdir()) == []


def test_a_restore_that_fails_changes_no_database(made, empty):
    """The lake is the last part that is written."""
    broken = replace(empty, buckets=[replace(bucket, name="nowhere") for bucket in empty.buckets])
    before = [checksums(database) for database in empty.databases]
    with pytest.raises(UserError, match="s3://nowhere/"):
        restore(QUIET, broken, open_backup({"BACKUP": str(made)}), replace=True)
    assert [checksums(database) for database in empty.databases] == before
    assert not query(dsn_of(empty.airflow), "SELECT datname FROM pg_database WHERE datname LIKE 'empty%\\_re%'")


@pytest.mark.parametrize("name", ["warehouse.dump", "airflow.dump", "data.tar", "logs.tar", "fernet.key"])
def test_a_backup_with_a_byte_too_many_is_refused(copy, name):
    with (copy / name).open("ab") as file:
        file.write(b"x")
    with pytest.raises(UserError, match=f"{name} is missing or differs from what was backed up"):
        open_backup({"BACKUP": str(copy)})


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("revision", "ffffffffffff", r"made by Airflow .* \(revision ffffffffffff\), which is newer"),
        ("postgres", {"airflow": 15, "warehouse": 99}, "backup of warehouse was made by PostgreSQL 99, and this stack"),
        ("contents", {"airflow": {}, "warehouse": {}}, "airflow holds other rows than were backed up: nothing was"),
    ],
)
def test_a_backup_that_does_not_fit_is_refused(empty, copy, field, value, said):
    manifest = copy / "manifest.json"
    manifest.write_text(json.dumps({**json.loads(manifest.read_text()), field: value}))
    with pytest.raises(UserError, match=said):
        restore(QUIET, empty, open_backup({"BACKUP": str(copy)}), replace=False)


def test_a_value_that_the_key_does_not_open_is_named(full, empty):
    other = Fernet(new_fernet_key()), Fernet(empty.fernet_key)
    with pytest.raises(UserError, match=r"does not open password of row \d+ in Airflow's table connection"):
        list(metadata.updates(full.airflow, *other))


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "is no backup: it has no manifest.json"),
        ("[]", "is not what `make backup` wrote"),
        ("{}", "is not what `make backup` wrote"),
        ('{"format": 99}', "was made by another release of this repository"),
    ],
)
def test_a_folder_of_something_else_is_refused(tmp_path, content, said):
    if content:
        (tmp_path / "manifest.json").write_text(content)
    with pytest.raises(UserError, match=said):
        open_backup({"BACKUP": str(tmp_path)})


def test_a_restore_names_the_backups_that_there_are(tmp_path, monkeypatch):
    monkeypatch.setattr(steps, "FOLDER", tmp_path / "backups")
    with pytest.raises(UserError, match=r"Which backup\? For instance `make restore BACKUP=backups/NAME`; .* has none"):
        open_backup({})
    (tmp_path / "backups" / "2024-09-01T00-00-00Z").mkdir(parents=True)
    with pytest.raises(UserError, match="backups/ has 2024-09-01T00-00-00Z"):
        open_backup({})


def test_a_folder_that_exists_is_not_written_to(tmp_path):
    with pytest.raises(UserError, match="exists: name another folder"):
        steps.folder_for_new({"BACKUP": str(tmp_path)})


DOCKER = """#!{python}
import json, os, subprocess, sys
words = sys.argv[1:]
with open({log!r}, "a") as log:
    log.write(json.dumps(words) + "\\n")
if words[0] == "ps":
    print("\\n".join("stack-" + name for name in {containers!r}))
if words[0] == "exec":
    names = [words[i + 1] for i, word in enumerate(words) if word == "--env"]
    container, program = words[2 + 2 * len(names)], words[3 + 2 * len(names)]
    made = {{name: os.environ[name] for name in names}}
    assert made["PGHOST"] == "127.0.0.1" and made["PGPORT"] == "5432", made
    made |= {{"PGPORT": {port!r}, "PGUSER": "postgres"}}
    os.execve({folder!r} + "/" + program, words[3 + 2 * len(names):], made)
"""


@pytest.fixture
def docker(tmp_path, monkeypatch, services):
    """A program in docker's place: it runs what would run in a container, with what the container would have."""
    log = tmp_path / "docker.log"
    airflow = ("db", "init", "db-exporter", "scheduler", "worker-12", "webserver", "triggerer")
    containers = [*(f"airflow-{name}" for name in airflow), "warehouse", "warehouse-prepare"]
    program = tmp_path / "bin" / "docker"
    program.parent.mkdir()
    values = {"python": sys.executable, "log": str(log), "containers": containers, "folder": str(find_binaries())}
    program.write_text(DOCKER.format(port=str(services.settings.ports["postgres"]), **values))
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}:{os.environ['PATH']}")

    def said() -> list[list[str]]:
        return [json.loads(line) for line in log.read_text().splitlines()]

    return said


def test_in_containers_the_programs_run_there_and_no_password_is_in_a_command(
    docker, full, restored, services, tmp_path
):
    settings = services.settings
    password = settings.secrets["source_admin_password"]
    secrets = {"airflow_db_password": password, "warehouse_admin_password": password, "airflow_fernet_key": "k"}
    endpoints = Endpoints("", "", "", "", "postgresql://elsewhere", settings.lake_endpoint, "key", "secret")
    found = of_containers.of("stack", endpoints, secrets)
    assert [database.container for database in found.databases] == ["stack-airflow-db", "stack-warehouse"]

    def in_containers(stores: Stores) -> Stores:
        airflow, warehouse = (
            mine.on(other.database) for mine, other in zip(found.databases, stores.databases, strict=True)
        )
        return replace(stores, airflow=airflow, warehouse=warehouse)

    folder = tmp_path / "one"
    make_backup(QUIET, in_containers(full), folder)
    with of_containers.airflow_stopped("stack"):
        restore(QUIET, in_containers(restored), open_backup({"BACKUP": str(folder)}), replace=True)
    assert checksums(restored.warehouse) == checksums(full.warehouse)
    assert password not in (tmp_path / "docker.log").read_text()
    names = ["stack-airflow-scheduler", "stack-airflow-worker-12", "stack-airflow-webserver", "stack-airflow-triggerer"]
    commands = [words for words in docker() if words[0] in ("stop", "start")]
    assert commands == [
        ["stop", *names],
        ["start", "--attach", "stack-warehouse-prepare"],
        ["start", "--attach", "stack-airflow-init"],
        ["start", *names],
    ]


def test_airflow_is_started_again_after_a_restore_that_failed(docker):
    with pytest.raises(UserError, match="as asked"), of_containers.airflow_stopped("stack"):
        raise UserError("as asked")
    assert [words[0] for words in docker()] == ["ps", "stop", "start"]


def dsn_of(database: Database) -> str:
    login = database.connection
    return f"postgresql://{login['PGUSER']}:{login['PGPASSWORD']}@{login['PGHOST']}:{login['PGPORT']}/{login['PGDATABASE']}"


def login(services, database: str, role: str) -> str:
    return services.settings.dsn(database, role, password_of(role))


def execute(dsn: str, statement: str, *values: object) -> None:
    with connect(dsn) as connection, connection.cursor() as cursor:
        cursor.execute(statement, values or None)


def add_run(stores: Stores, state: str) -> None:
    execute(
        dsn_of(stores.airflow),
        "INSERT INTO dag_run (dag_id, run_id, state, run_type, execution_date, start_date, clear_number)"
        " VALUES ('bikes_store_staging', 'manual__' || %s, %s, 'manual', now(), now(), 0)",
        query(dsn_of(stores.airflow), "SELECT count(*) + 1 FROM dag_run")[0][0],
        state,
    )


def remove_running(stores: Stores) -> None:
    execute(dsn_of(stores.airflow), "DELETE FROM dag_run WHERE state = 'running'")


def put(s3, bucket: str, key: str, body: bytes, **metadata: str) -> None:
    s3.put_object(Bucket=bucket, Key=key, Body=body, Metadata=metadata, ContentType="text/csv; charset=utf-8")


def objects(stores: Stores) -> dict[tuple[str, str], tuple[bytes, dict[str, str], str]]:
    found = {}
    for bucket in stores.buckets:
        for key in bucket.sizes():
            answer = bucket.client.get_object(Bucket=bucket.name, Key=key)
            found[bucket.kind, key] = answer["Body"].read(), answer["Metadata"], answer["ContentType"]
    return found


def checksums(database: Database, but: frozenset[str] | set[str] = frozenset()) -> dict[str, str]:
    """A checksum of each table's rows, computed in another way than by the backup."""
    dsn = dsn_of(database)
    tables = query(
        dsn,
        "SELECT schemaname, tablename FROM pg_tables WHERE schemaname NOT IN ('pg_catalog', 'information_schema')",
    )
    assert tables
    return {
        f"{schema}.{table}": str(
            query(
                dsn,
                f"SELECT count(*), md5(string_agg(t::text, E'\\n' ORDER BY t::text)) FROM {schema}.\"{table}\" AS t",
            )
        )
        for schema, table in tables
        if table not in but
    }
