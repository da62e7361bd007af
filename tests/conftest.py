"""Real services for the tests. Each starts when a test first asks for it, by the code that starts the demo's."""

from __future__ import annotations

import gc
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

from cli.airflow_settings import common_settings
from cli.containers.secrets_file import write_secrets
from cli.paths import REPOSITORY
from cli.processes import broker, currency_api, lake, postgres
from cli.processes.settings import Settings, generate_secrets
from cli.processes.supervisor import Supervisor
from tests.source import generator
from tests.support.doubles.kept import kept_doubles
from tests.support.doubles.mirror import write_mirror
from tests.support.module import Module, copy_module
from tests.support.needs import need_program, need_provider_doubles
from tests.support.ports import free_ports
from tests.support.services import Postgres, Services

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

# This comes before any import of Airflow: it uses the platform's settings, and its files stay out of the user's home.
for _name, _value in common_settings().items():
    os.environ.setdefault(_name, _value)
os.environ["AIRFLOW_HOME"] = tempfile.mkdtemp(prefix="bikes-store-airflow-")
os.environ["AIRFLOW__COSMOS__CACHE_DIR"] = os.environ["AIRFLOW_HOME"] + "/cosmos"  # not /tmp/cosmos, which all share
os.environ["AIRFLOW__CORE__DAGS_FOLDER"] = str(REPOSITORY / "dags")
os.environ["AIRFLOW__LOGGING__REMOTE_LOGGING"] = "False"
os.environ["AIRFLOW__METRICS__STATSD_ON"] = "False"
os.environ["AIRFLOW__CORE__EXECUTOR"] = "SequentialExecutor"  # the only one that needs no database server
# DAG files read these when they are imported, for the addresses of datasets.
os.environ.update(WAREHOUSE_HOST="warehouse-host", WAREHOUSE_PORT="5555")

# In CI, the rows that hypothesis makes up are the same each time. Elsewhere it also tries again what failed before.
settings.register_profile("local", deadline=None, print_blob=True)
settings.register_profile("ci", settings.get_profile("local"), derandomize=True, database=None)
settings.load_profile("ci" if os.environ.get("CI") else "local")


# Python looks for garbage whenever there are 700 new objects. With all of Airflow in memory, that took some tests more
# than half of their time.
gc.set_threshold(50_000, 10, 10)

_MEMORY = Path("/dev/shm")  # noqa: S108 - the folder that is made there has a name that nobody knows beforehand
_ROOM = 4 * 1024**3  # bytes; a session takes less than half of it


def pytest_unconfigure() -> None:
    shutil.rmtree(os.environ["AIRFLOW_HOME"], ignore_errors=True)


@pytest.fixture(scope="session")
def fast() -> Iterator[Path]:
    """A folder for what tests write much of and keep for a minute: in memory where there is room, else on the disk.

    Each test makes and drops databases of 300 files each. On a disk, a third of PostgreSQL's processor time goes into
    the file system's search for inodes. Other users may pass through the folder, as PostgreSQL's has to.
    """
    in_memory = _MEMORY.is_dir() and shutil.disk_usage(_MEMORY).free > _ROOM
    folder = Path(tempfile.mkdtemp(prefix="bikes-store-", dir=_MEMORY if in_memory else None))
    folder.chmod(0o711)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def services(fast: Path) -> Iterator[Services]:
    home = fast / "services"
    home.mkdir()
    settings = Settings(home, free_ports(), generate_secrets())
    postgres.create_cluster(settings)
    # Each session maps the pages that it uses, and tests open many thousand sessions on a few rows.
    with (postgres.data_directory(home) / "postgresql.conf").open("a") as configuration:
        configuration.write("shared_buffers = 16MB\n")
    supervisor = Supervisor(home)
    services_known = (postgres, lake, broker, currency_api)
    supervisor.start_daemon([module.service(settings) for module in services_known])
    yield Services(settings, supervisor)
    supervisor.shutdown()
    postgres.remove_cluster(home)


@pytest.fixture(scope="session", name="postgres")
def postgres_server(services: Services) -> Postgres:
    services.need("postgres")
    server = Postgres(services.settings)
    # Each test has databases of its own. When one is dropped, PostgreSQL writes all that it has in memory to the disk.
    # Without fsync the system writes it when it likes: a killed server loses nothing, and no test cuts the power.
    # jit compiles queries on the few rows of a test for longer than they run.
    server.configure(fsync="off", full_page_writes="off", jit="off")
    server.make_logins_quick()
    return server


@pytest.fixture(scope="session")
def s3(services: Services) -> S3Client:
    """A client of a lake with both buckets."""
    services.need("lake")
    lake.create_buckets(services.settings)
    return lake.client(services.settings)


@pytest.fixture(scope="session")
def currency_url(services: Services) -> str:
    services.need("currency-api")
    return currency_api.url(services.settings)


@pytest.fixture(scope="session")
def generated_source(postgres: Postgres) -> str:
    """The DSN of a transaction database at scale 1; tests only read it, or copy it."""
    dsn = postgres.create_database("source_generated")
    generator.make_tables(dsn)
    done = generator.run_generator(dsn)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    return dsn


@pytest.fixture(scope="session")
def bare_module(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Module]:
    """The root module after nothing but `terraform init`: it has no secrets."""
    need_provider_doubles()
    need_program("terraform", "these tests run it")
    home = tmp_path_factory.mktemp("bare")
    environment = {**os.environ, **write_mirror(tmp_path_factory.mktemp("mirror")), "HOME": str(home)}
    module = Module(copy_module(home), environment)
    done = module.run("init", "-no-color")
    assert done.returncode == 0, done.stderr
    with kept_doubles() as doubles:
        yield Module(module.folder, environment, doubles)


@pytest.fixture(scope="session")
def module(bare_module: Module, tmp_path_factory: pytest.TempPathFactory) -> Module:
    """The root module with the secrets that `make secrets` writes."""
    home = tmp_path_factory.mktemp("module")
    shutil.copytree(bare_module.folder.parent, home, dirs_exist_ok=True, symlinks=True)
    write_secrets(home / "terraform", {})
    return Module(home / "terraform", bare_module.environment, bare_module.doubles)
