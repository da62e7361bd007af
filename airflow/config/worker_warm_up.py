"""Warm a Celery worker before it forks.

Airflow runs each task in a fork of the worker. What the worker has done once, no task does again: import packages,
build dbt's classes, parse the DAGs and the dbt project, read the description of S3, compile what Airflow asks its
database. A task then takes 0.3 s of processor time (mean of the 68 tasks of a run without changes, 2 cores, process
accounting of both processes of a task). It costs 6 s when the worker starts, and the worker takes 350 MB, which its
forks share until they write to them.

Our own code is not frozen by this. When a file of the DAGs folder or of the dbt project has changed, a task forgets
what the worker has parsed, and parses by itself; so do all later ones, until the worker starts again. So an edited DAG
or model counts from the next task on.

The worker finds this module by celery_settings.py. A step that fails is logged, and the tasks do its work themselves.
Celery sends the signal before it makes its pool:
https://docs.celeryq.dev/en/stable/userguide/signals.html#worker-init
"""

from __future__ import annotations

import fcntl
import functools
import gc
import hashlib
import importlib
import itertools
import logging
import os
import pkgutil
import shutil
import signal
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import worker_keeps
from celery.signals import worker_init

if TYPE_CHECKING:
    from airflow import DAG
    from airflow.models.dagbag import DagBag
    from click import Context
    from dbt.config import RuntimeConfig
    from dbt.contracts.graph.manifest import Manifest

log = logging.getLogger(__name__)

_bag: DagBag | None = None  # while the worker is warmed
_parsed: dict[Path, tuple[int, ...]] = {}  # the stamps of the files there before the DAGs were parsed
_SECONDS_FOR_THREADS = 10
# Python looks for garbage whenever there are this many new objects, 700 by default. A small task ends before it has
# made so many, and the system takes all of its memory at once.
_OBJECTS_OF_A_TASK = 50_000

# Tasks take these DAGs as the worker has parsed them. That saves a task of the warehouse DAG 0.1 s of processor time,
# one of the staging DAG 0.05 s. Files and the environment are all that they are made from: no query, no clock. Another
# DAG may be made from anything, so its tasks parse it.
_KEPT = ("bikes_store_staging", "bikes_store_warehouse")

# What tasks import while they run. The rest comes with the DAG files.
_MODULES = (
    "airflow.decorators",
    "airflow.providers.amazon.aws.hooks.s3",
    "airflow.providers.amazon.aws.log.s3_task_handler",
    "airflow.providers.postgres.hooks.postgres",
    "cosmos.operators.local",
    "dbt.adapters.postgres",
    "dbt.cli.main",
    "dbt.task.docs.generate",
    "dbt.task.run",
    "dbt.task.snapshot",
    "dbt.task.test",
    "openlineage.common.provider.dbt.local",
    "requests",
)


@worker_init.connect
def warm_up(**_: object) -> None:
    """Do once what every task would do. A worker that is told to end meanwhile ends, after the step that it is in."""
    started = time.monotonic()
    steps = (
        *(_import_modules, _stamp_files, _parse_dags, _parse_dbt_projects, _keep_dags),
        *(worker_keeps.keep_engine, worker_keeps.know_statements, worker_keeps.keep_lake_client),
        *(worker_keeps.keep_log_template, worker_keeps.keep_sessions_of_dbt, worker_keeps.copy_tasks_lightly),
    )
    with _signals_kept() as kept:
        for step in steps:
            try:
                step()
            except (Exception, SystemExit):  # a module may be a script
                log.exception(
                    "The worker could not be warmed (%s): its tasks will be slower.", step.__name__.strip("_")
                )
            if kept:
                break
    for number in kept:
        os.kill(os.getpid(), number)
    _share_memory()
    log.info("The worker was warmed in %.1f seconds.", time.monotonic() - started)


@contextmanager
def _signals_kept() -> Iterator[list[int]]:
    """Keep the signals that tell a worker to end; the list has those that came.

    Airflow's handler raises SystemExit, and so do scripts. dbt takes it for an error of its own: the worker would start
    all the same, take tasks, and be killed with them.
    """
    kept: list[int] = []
    numbers = (signal.SIGTERM, signal.SIGINT, signal.SIGQUIT)
    before = {number: signal.signal(number, lambda came, _: kept.append(came)) for number in numbers}
    try:
        yield kept
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _import_modules() -> None:
    for name in _MODULES:
        importlib.import_module(name)


def _stamp_files() -> None:
    """Note what the DAGs are about to be made from: a file that changes while they are parsed has changed."""
    global _parsed
    _parsed = _stamps()


def _parse_dags() -> None:
    """Import the DAG files and all modules beside them, for the packages that these import."""
    from airflow import settings
    from airflow.models.dagbag import DagBag

    global _bag
    _bag = DagBag(include_examples=False)
    for package in pkgutil.iter_modules([settings.DAGS_FOLDER]):
        if package.ispkg:
            for module in pkgutil.walk_packages([f"{settings.DAGS_FOLDER}/{package.name}"], f"{package.name}."):
                importlib.import_module(module.name)


def _keep_dags() -> None:
    """Give a task the DAG that was parsed, as long as all files are what they were; otherwise let it parse."""
    from airflow.cli.commands import task_command
    from airflow.utils.cli import process_subdir

    global _bag
    parse = task_command.get_dag
    kept = {dag_id: dag for dag_id, dag in (_bag.dags if _bag and _parsed else {}).items() if dag_id in _KEPT}
    _bag = None

    def get_dag(subdir: str | None, dag_id: str, from_db: bool = False) -> DAG:
        dag = kept.get(dag_id)
        if dag and not from_db and process_subdir(subdir) == dag.fileloc and _stamps() == _parsed:
            return dag
        _forget_modules()
        return parse(subdir, dag_id, from_db)

    task_command.get_dag = get_dag


def _made_from() -> list[Path]:
    """The folders and files that the DAGs of ``_KEPT`` are made from."""
    from airflow import settings

    from bikes_store.environment import dbt_project, manifest_path

    return [Path(settings.DAGS_FOLDER), dbt_project(), manifest_path()]


def _stamps() -> dict[Path, tuple[int, ...]]:
    """What the system says of each of these files. A file that is written, or put there, gets another stamp."""
    found: dict[Path, tuple[int, ...]] = {}
    for path in itertools.chain.from_iterable(_files_below(top) if top.is_dir() else [top] for top in _made_from()):
        with suppress(OSError):  # a link may lead nowhere, or a file be for others
            of = path.stat()
            found[path] = (of.st_dev, of.st_ino, of.st_size, of.st_mtime_ns, of.st_ctime_ns)
    return found


def _files_below(top: str | Path) -> Iterator[Path]:
    """The files of a folder but those that dbt and Python write there, in the same order each time."""
    from cosmos import constants

    # Cosmos leaves these out of the copy in which a task runs. Of the project's folders it makes links.
    left_out = {constants.DBT_TARGET_DIR_NAME, constants.DBT_LOG_DIR_NAME, constants.PACKAGE_LOCKFILE_YML}
    left_out |= {constants.DEFAULT_PROFILES_FILE_NAME, "__pycache__"}
    for folder, folders, files in os.walk(top, followlinks=True):
        folders[:] = sorted(set(folders) - left_out)
        yield from (Path(folder, name) for name in sorted(set(files) - left_out))


def _forget_modules() -> None:
    """Have the modules of the DAGs folder imported again, as they are now."""
    from airflow import settings

    for name, module in list(sys.modules.items()):
        file = getattr(module, "__file__", None)
        if file and Path(file).is_relative_to(settings.DAGS_FOLDER):
            del sys.modules[name]


def _share_memory() -> None:
    """Leave the forks nothing that they must not share, and their garbage collector nothing of ours to look at."""
    from airflow import settings

    _wait_for_threads()
    settings.engine.dispose()
    gc.collect()
    gc.freeze()
    gc.set_threshold(_OBJECTS_OF_A_TASK, *gc.get_threshold()[1:])


def _wait_for_threads() -> None:
    """Wait until only the main thread is left.

    A fork copies locks as they are, and one that another thread holds would stay locked in it: a task would hang at its
    end, when it flushes the handler of a log.
    """
    deadline = time.monotonic() + _SECONDS_FOR_THREADS
    for thread in threading.enumerate():
        if thread is not threading.main_thread():
            thread.join(max(deadline - time.monotonic(), 0))
            if thread.is_alive():
                log.warning(
                    "Thread %s still runs while the worker forks: a task may hang on a lock of it.", thread.name
                )


def _parse_dbt_projects() -> None:
    """Parse the project of each Cosmos task, for the memory of :func:`_remember_manifests`."""
    from cosmos.dbt.project import environ
    from cosmos.operators.local import DbtLocalBaseOperator
    from dbt.cli.main import dbtRunner
    from dbt.contracts.graph.manifest import Manifest
    from dbt_common.clients.jinja import template_cache

    _remember_manifests()
    _remember_modules()
    dags = _bag.dags.values() if _bag else ()
    tasks = [task for dag in dags for task in dag.tasks if isinstance(task, DbtLocalBaseOperator)]
    for task in {(str(task.project_dir), task.profile_config.profile_name): task for task in tasks}.values():
        profile = task.profile_config
        with tempfile.TemporaryDirectory() as target, profile.ensure_profile() as (path, variables), environ(variables):
            folders = {"project-dir": task.project_dir, "profiles-dir": path.parent}
            folders |= {"target-path": target, "log-path": target}
            options = [f"--{name}={folder}" for name, folder in folders.items()]
            options += [f"--profile={profile.profile_name}", f"--target={profile.target_name}", "--no-static-parser"]
            options += ["--log-level-file=none", "--quiet"]
            parsed = dbtRunner().invoke(["parse", *options])
            if not isinstance(parsed.result, Manifest):
                raise RuntimeError(f"dbt could not parse {task.project_dir}: {parsed.exception}")
            # Uses what every command uses: the adapter, macros, the classes of the results. Compiled nodes would stay
            # compiled, so this gets a manifest of its own.
            dbtRunner(parsed.result.deepcopy()).invoke(["compile", *options])
            for macro in parsed.result.macros.values():  # those that build a table, too: nothing has called them yet
                template_cache.get_node_template(macro)


# Manifests by what they were made from, each with the JSON file that dbt writes of it.
_manifests: dict[str, tuple[Manifest, bytes]] = {}


def _remember_manifests() -> None:
    """Have dbt take the manifest that `dbt parse` made before the fork, and write its file once for a command.

    dbt's own ``dbtRunner(manifest=…)`` skips the parsing too, but takes the manifest unseen, and Cosmos can't pass one.
    """
    from dbt.cli import requires
    from dbt.task import runnable

    setup, write = requires.setup_manifest, runnable.write_manifest

    def setup_manifest(ctx: Context, *args: Any, **kwargs: Any) -> None:
        if ctx.obj.get("manifest") is not None:
            setup(ctx, *args, **kwargs)
            return
        config = ctx.obj["runtime_config"]
        key, file = _fingerprint(config), Path(config.project_target_path, "manifest.json")
        # Given once to a process: a command leaves compiled nodes in it, and the next one would not compile them again.
        manifest, content = _manifests.pop(key, (None, b""))
        if manifest is not None and _sees_same_environment(manifest):
            ctx.obj["manifest"] = manifest
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content)
            setup(ctx, *args, **kwargs)
            return
        with _parsed_by_one(config, key):
            setup(ctx, *args, **kwargs)
        if ctx.command.name == "parse" and file.exists():
            _manifests[key] = (ctx.obj["manifest"], file.read_bytes())

    def write_manifest(manifest: Manifest, target_path: str, which: str | None = None) -> None:
        if not (Path(target_path) / "manifest.json").exists():
            write(manifest, target_path, which)

    requires.setup_manifest, runnable.write_manifest = setup_manifest, write_manifest


def _remember_modules() -> None:
    """Have dbt look once which packages are its plugins, and which module its adapter's flags are of.

    For the first it lists all installed packages. For the second it reads the source of each function on the stack.
    Both are done anew by each command. It saves a dbt task 0.03 s of processor time.
    """
    from dbt.plugins.manager import PluginManager
    from dbt_common.behavior_flags import BehaviorFlagRendered

    for owner, name in ((PluginManager, "get_prefixed_modules"), (BehaviorFlagRendered, "_default_source")):
        setattr(owner, name, staticmethod(functools.cache(getattr(owner, name))))


def _fingerprint(config: RuntimeConfig) -> str:
    """A digest of all that a manifest is made from: dbt's settings and every file of the project."""
    from dbt.version import __version__

    settings = (__version__, config.profile_name, config.target_name, sorted(config.credentials.connection_info()))
    digest = hashlib.sha256(repr((*settings, config.cli_vars, sorted(config.project_env_vars.items()))).encode())
    for path in _files_below(config.project_root):
        content = path.read_bytes()
        digest.update(f"{path.relative_to(config.project_root)} {len(content)} ".encode())
        digest.update(content)
    return digest.hexdigest()


def _sees_same_environment(manifest: Manifest) -> bool:
    """Whether the environment variables that the project read have the same values as when it was parsed."""
    from dbt.constants import DEFAULT_ENV_PLACEHOLDER

    return all(os.environ.get(name, DEFAULT_ENV_PLACEHOLDER) == value for name, value in manifest.env_vars.items())


@contextmanager
def _parsed_by_one(config: RuntimeConfig, key: str) -> Iterator[None]:
    """Around the parsing of a project that changed: one task parses, the others wait and take what it has parsed."""
    from cosmos.settings import cache_dir
    from dbt.constants import PARTIAL_PARSE_FILE_NAME

    folder = cache_dir / "parsed" / config.project_name
    folder.mkdir(parents=True, exist_ok=True)
    parsed, own = folder / key, Path(config.project_target_path) / PARTIAL_PARSE_FILE_NAME
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not parsed.exists():
            yield
            for older in folder.glob("?" * len(key)):
                older.unlink()
            if own.exists():
                shutil.copyfile(own, folder / "new")
                (folder / "new").rename(parsed)
            return
    own.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(parsed, own)
    yield
