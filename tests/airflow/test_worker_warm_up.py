"""airflow/config/worker_warm_up.py: what a worker does once stays true for its tasks, and what is edited counts.

The module changes dbt and the process that it warms, so each test warms a fork of its own.
"""

from __future__ import annotations

import shutil
import textwrap

import pytest

from cli.paths import DBT_PROJECT

_START = "import json, os, sys; import worker_warm_up as warm\n"


@pytest.fixture
def warmed(python, tmp_path):
    """Run a script that has the module as `warm`; returns the lines that it prints."""

    def run(script, **environment):
        return python.run(_START + textwrap.dedent(script), tmp_path, **environment)

    return run


@pytest.fixture
def dags_folder(tmp_path):
    folder = tmp_path / "dags"
    (folder / "shop").mkdir(parents=True)
    (folder / "shop" / "__init__.py").touch()
    (folder / "shop" / "price.py").write_text("PRICE = 1\n")
    (folder / "shop" / "lazy.py").write_text("import wave\n")  # a task would import this
    (folder / "sell.py").write_text(
        textwrap.dedent(
            """
            from datetime import datetime
            from airflow import DAG
            from airflow.operators.empty import EmptyOperator
            from shop.price import PRICE

            with DAG("sell", start_date=datetime(2024, 9, 1), schedule=None):
                EmptyOperator(task_id=f"for_{PRICE}")
            """
        )
    )
    return folder


#: What the platform's tasks import, which takes seconds, is nothing to these tests.
_WARM_UP = "warm._MODULES = (); warm.warm_up()"


#: `task(number)` is a task of the DAG `sell`: a fork that takes the DAG as Airflow's own command does. It says whether
#: the file was parsed for that.
_TASK = """
    from pathlib import Path
    from airflow.cli.commands import task_command
    from airflow.models.dagbag import DagBag

    folder, project = Path(os.environ["AIRFLOW__CORE__DAGS_FOLDER"]), Path("project").absolute()
    sys.path.insert(0, str(folder))
    warm._MODULES, warm._KEPT, warm._made_from = (), (os.environ["KEPT"],), lambda: [folder, project]
    warm.warm_up()
    process_file = DagBag.process_file

    def parse(self, *arguments, **options):
        print("> parsed", flush=True)
        return process_file(self, *arguments, **options)

    DagBag.process_file = parse

    def task():
        if not os.fork():
            print(">", *task_command.get_dag("DAGS_FOLDER/sell.py", "sell").task_ids, flush=True)
            os._exit(0)
        os.wait()
"""
_SAME_SIZE_AND_TIME = """
    file = folder / "shop" / "price.py"
    before = file.stat()
    file.write_text("PRICE = 2\\n")
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))
"""
_MOVED_THERE = """
    Path("edited").write_text("PRICE = 2\\n")
    Path("edited").rename(folder / "shop" / "price.py")
"""
_ANOTHER_REVISION = """
    import shutil
    shutil.copytree(folder / "shop", folder / ".revision")
    (folder / ".revision" / "price.py").write_text("PRICE = 2\\n")
    shutil.rmtree(folder / "shop")
    (folder / "shop").symlink_to(".revision")
"""


@pytest.fixture
def tasks_of(warmed, tmp_path, dags_folder):
    """Run a script with `task`, defined above; returns the lines that it prints."""

    def run(script, kept="sell"):
        (tmp_path / "project").mkdir()
        script = textwrap.dedent(_TASK) + textwrap.dedent(script)
        return warmed(script, AIRFLOW__CORE__DAGS_FOLDER=str(dags_folder), KEPT=kept)

    return run


def test_a_task_takes_the_dag_that_the_worker_has_parsed(tasks_of):
    script = """
        print(">", "wave" in sys.modules, flush=True)
        task()
        task()
    """
    assert tasks_of(script) == ["> True", "> for_1", "> for_1"]


def test_a_dag_that_may_be_made_from_anything_is_parsed_by_each_task(tasks_of):
    assert tasks_of("task()\ntask()", kept="other") == ["> parsed", "> for_1"] * 2


@pytest.mark.parametrize(
    "edit",
    [
        '(folder / "shop" / "price.py").write_text("PRICE = 2\\n")',
        _SAME_SIZE_AND_TIME,
        _MOVED_THERE,
        _ANOTHER_REVISION,
        '(folder / "sell.py").write_text((folder / "sell.py").read_text().replace("{PRICE}", "2"))',
    ],
    ids=["a module", "same size and time", "moved there", "another revision", "the file itself"],
)
def test_an_edited_dag_counts_in_the_next_task(tasks_of, edit):
    script = f"task()\n{textwrap.dedent(edit)}\ntask()\ntask()"
    assert tasks_of(script) == ["> for_1", *["> parsed", "> for_2"] * 2]


@pytest.mark.parametrize(
    "edit",
    [
        '(project / "new.sql").touch()',
        '(folder / "shop" / "lazy.py").unlink()',
        '(project / "target").mkdir()\n(project / "target" / "run.json").touch()\nprint("> dbt wrote", flush=True)',
    ],
    ids=["a model more", "a module less", "what dbt writes"],
)
def test_what_a_dag_is_made_from_is_every_file_that_no_program_writes(tasks_of, edit):
    lines = tasks_of(f"{edit}\ntask()")
    assert lines in (["> parsed", "> for_1"], ["> dbt wrote", "> for_1"])


def test_a_dag_that_changes_while_the_worker_parses_it_is_parsed_again(tasks_of, dags_folder):
    price = dags_folder / "shop" / "price.py"
    (dags_folder / "shop" / "lazy.py").write_text(f"open({str(price)!r}, 'w').write('PRICE = 2')\n")
    assert tasks_of("task()") == ["> parsed", "> for_2"]


@pytest.mark.parametrize("module", ["import no_such_package\n", "import sys\nsys.exit('usage: …')\n"])
def test_a_module_that_can_not_be_imported_does_not_keep_the_worker_from_starting(warmed, dags_folder, module):
    (dags_folder / "shop" / "lazy.py").write_text(module)
    lines = warmed(f"{_WARM_UP}; print('> started')", AIRFLOW__CORE__DAGS_FOLDER=str(dags_folder))
    assert lines == ["> started"]


def test_a_worker_that_is_told_to_end_while_it_is_warmed_ends(warmed, dags_folder):
    """Airflow ends a worker with SystemExit, wherever it is: in a module that is imported, or in dbt."""
    (dags_folder / "shop" / "told.py").write_text("import os, signal\nos.kill(os.getpid(), signal.SIGTERM)\n")
    script = """
        import signal
        from airflow.utils.cli import sigint_handler
        signal.signal(signal.SIGTERM, sigint_handler)
        sys.path.insert(0, os.environ["AIRFLOW__CORE__DAGS_FOLDER"])
        warm._keep_dags = lambda: print("> it went on", flush=True)
        try:
            warm.warm_up()
        finally:
            print("> it ends", flush=True)
        print("> it takes tasks", flush=True)
    """
    assert warmed(script, AIRFLOW__CORE__DAGS_FOLDER=str(dags_folder)) == ["> it ends"]


def test_no_thread_is_left_when_the_worker_forks(warmed, dags_folder):
    """A lock that another thread holds stays locked in a fork for ever."""
    (dags_folder / "shop" / "lazy.py").write_text(
        "import threading, time\nthreading.Thread(target=time.sleep, args=(1.5,)).start()\n"
    )
    script = "import threading; warm.warm_up(); print('>', threading.active_count())"
    assert warmed(script, AIRFLOW__CORE__DAGS_FOLDER=str(dags_folder)) == ["> 1"]


def test_a_thread_that_does_not_end_is_named(warmed, dags_folder):
    (dags_folder / "shop" / "lazy.py").write_text(
        "import threading, time\nthreading.Thread(target=time.sleep, args=(60,), name='forever', daemon=True).start()\n"
    )
    script = "warm._SECONDS_FOR_THREADS = 0.2; warm.log.warning = lambda text, *a: print('>', text % a); " + _WARM_UP
    assert warmed(script, AIRFLOW__CORE__DAGS_FOLDER=str(dags_folder)) == [
        "> Thread forever still runs while the worker forks: a task may hang on a lock of it."
    ]


#: Counts how dbt came to its manifest, in this process and its forks. `dbt(command)` works as a Cosmos task does: in a
#: folder of its own with links to the project.
_DBT = """
    import tempfile
    from pathlib import Path
    from cosmos.dbt.project import create_symlinks
    from dbt.cli.main import dbtRunner
    from dbt.parser.manifest import ManifestLoader
    import dbt.cli.main, dbt.task.list, dbt.adapters.postgres

    PROJECT = Path(os.environ["PROJECT"])
    load = ManifestLoader.load
    def counted(self):
        manifest = load(self)
        print("> read" if self.skip_parsing else "> parsed", flush=True)
        return manifest
    ManifestLoader.load = counted
    warm._remember_manifests()

    def dbt(*command):
        folder = Path(tempfile.mkdtemp())
        create_symlinks(PROJECT, folder, False)
        options = ["--project-dir", folder, "--profiles-dir", PROJECT, "--target-path", folder / "target", "--quiet"]
        options += ["--no-static-parser"]  # as Cosmos has it: in a fork, the static parser hangs
        done = dbtRunner().invoke([*command, *map(str, options)])
        assert done.success, done.exception
        return folder, done.result

    def in_forks(number, task):
        for _ in range(number):
            if not os.fork():
                try:
                    task()
                except BaseException as error:
                    print("> failed", error, flush=True)
                os._exit(0)
        for _ in range(number):
            os.wait()
"""


@pytest.fixture
def project(tmp_path):
    """The dbt project with a single model: the whole one takes ten times as long to parse."""
    whole, folder = DBT_PROJECT, tmp_path / "project"
    models = ["sources.yml", "dimensions/dim_currency.sql", "dimensions/dim_currency.yml"]
    shutil.copytree(whole / "macros", folder / "macros")
    (folder / "models" / "dimensions").mkdir(parents=True)
    for file in ("dbt_project.yml", "profiles.yml", *(f"models/{name}" for name in models)):
        shutil.copy(whole / file, folder / file)
    return folder


@pytest.fixture
def run_dbt(warmed, tmp_path, project):
    """Run a script with `dbt` and `in_forks`, defined above; returns the lines that it prints."""

    def run(script):
        cache = {"AIRFLOW__COSMOS__CACHE_DIR": str(tmp_path / "cosmos")}
        return warmed(textwrap.dedent(_DBT) + textwrap.dedent(script), PROJECT=str(project), **cache)

    return run


def test_a_manifest_is_parsed_once_for_all_tasks(run_dbt):
    script = """
        dbt("parse")
        in_forks(3, lambda: dbt("ls", "--select", "dim_currency"))
        folder, names = dbt("ls", "--select", "dim_currency", "--resource-type", "model")
        print(">", *names, json.loads((folder / "target" / "manifest.json").read_text())["metadata"]["project_name"])
    """
    assert run_dbt(script) == [
        "> parsed",
        "> bikes_store_warehouse.dimensions.dim_currency bikes_store_warehouse",
    ]


def test_an_edited_model_counts_and_is_parsed_by_one_of_four_tasks(run_dbt):
    script = """
        dbt("parse")
        model = PROJECT / "models" / "dimensions" / "dim_currency.sql"
        model.write_text(model.read_text() + "-- edited")

        def task():
            folder, _ = dbt("ls")
            nodes = json.loads((folder / "target" / "manifest.json").read_text())["nodes"]
            edited = nodes["model.bikes_store_warehouse.dim_currency"]["raw_code"].endswith("-- edited")
            print("> edited" if edited else "> old", flush=True)

        in_forks(4, task)
    """
    assert sorted(run_dbt(script)) == ["> edited"] * 4 + ["> parsed"] * 2 + ["> read"] * 3


def test_a_manifest_is_given_once_to_a_process(run_dbt):
    """A command compiles nodes in it. With the same manifest, the next would leave out the CTEs of ephemeral models."""
    script = """
        dbt("parse")
        dbt("ls", "--select", "dim_currency")
        print("> again", flush=True)
        dbt("ls", "--select", "dim_currency")
    """
    lines = run_dbt(script)
    assert lines[:2] == ["> parsed", "> again"] and len(lines) == 3


def test_what_a_manifest_is_made_from_gets_another_one(run_dbt, project):
    """Names of relations have the schema and the database in them; models may read variables."""
    (project / "models" / "dimensions" / "greeting.sql").write_text('select \'{{ env_var("GREETING", "-") }}\' as word')
    script = """
        dbt("parse")
        in_forks(1, lambda: dbt("ls", "--select", "greeting"))
        for name in ("WAREHOUSE_SCHEMA", "WAREHOUSE_DATABASE", "DBT_USER", "GREETING"):
            print("> " + name, flush=True)
            os.environ[name] = "other"
            in_forks(1, lambda: dbt("ls", "--select", "greeting"))
            del os.environ[name]
        print("> --vars", flush=True)
        in_forks(1, lambda: dbt("ls", "--select", "greeting", "--vars", json.dumps({"base_currency": "EUR"})))
    """
    assert run_dbt(script) == [
        "> parsed",
        *("> WAREHOUSE_SCHEMA", "> parsed"),
        *("> WAREHOUSE_DATABASE", "> parsed"),
        *("> DBT_USER", "> parsed"),
        *("> GREETING", "> parsed"),
        *("> --vars", "> parsed"),
    ]


def test_what_a_command_of_dbt_looks_up_each_time_is_looked_up_once(run_dbt):
    """The packages that are installed, the sources of what is on the stack, the templates of all macros."""
    script = """
        import inspect, pkgutil
        from types import SimpleNamespace
        from cosmos import ProfileConfig
        from cosmos.operators.local import DbtRunLocalOperator
        from dbt_common.clients import jinja

        profile = ProfileConfig("bikes_store_warehouse", "local", profiles_yml_filepath=PROJECT / "profiles.yml")
        task = DbtRunLocalOperator(task_id="run", project_dir=PROJECT, profile_config=profile)
        warm._bag = SimpleNamespace(dags={"sell": SimpleNamespace(tasks=[task])})
        warm._remember_manifests = lambda: None  # that is done above
        warm._parse_dbt_projects()
        print("> forks", flush=True)

        def look_up(*_):
            print("> looked up", flush=True)
            return []

        def command():
            inspect.stack = pkgutil.iter_modules = look_up
            ((manifest, _),) = warm._manifests.values()
            compiled = set(jinja.template_cache.file_cache)
            print(">", {macro.macro_sql for macro in manifest.macros.values()} <= compiled, flush=True)
            dbt("ls")

        in_forks(1, command)
    """
    assert run_dbt(script) == ["> parsed", "> forks", "> True"]
