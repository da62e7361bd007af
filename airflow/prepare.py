"""Make what Airflow needs before its processes start: its tables, connections, variables and the admin user.

    python airflow/prepare.py [--nothing-runs]

Safe to run again. The values that the init files name come from the environment (see fill_in.py), and so do
AIRFLOW_ADMIN_USER and AIRFLOW_ADMIN_PASSWORD. One process runs Airflow's own commands one after another: to start it
takes longer than what each of them does.

BIKES_STORE_API_URL_BEFORE lists addresses that the platform's own currency service had. When the variable
BIKES_STORE_API_URL holds one of them, it gets the present one.

``--nothing-runs`` says that no process of this Airflow is left. Then the tasks that one had when it was stopped or
killed are given back to the scheduler. It would find that out by itself, but only after minutes.

Exits with code 2 and one sentence when the environment lacks something.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
from pathlib import Path

from fill_in import FillInError, fill_in  # type: ignore[import-not-found]  # beside this script, as Python runs it

_HERE = Path(__file__).parent


def main() -> int:
    name, password = os.environ.get("AIRFLOW_ADMIN_USER"), os.environ.get("AIRFLOW_ADMIN_PASSWORD")
    if not name or not password:
        print("Set AIRFLOW_ADMIN_USER and AIRFLOW_ADMIN_PASSWORD in the environment.", file=sys.stderr)
        return 2
    try:
        connections, variables = (
            json.dumps(fill_in(_HERE / file, os.environ))
            for file in ("airflow_connections_init.yaml", "airflow_variables_init.json")
        )
    except FillInError as error:
        print(error, file=sys.stderr)
        return 2
    os.umask(0o077)  # the filled files hold passwords
    with tempfile.TemporaryDirectory() as folder:
        filled = {kind: Path(folder, f"{kind}.json") for kind in ("connections", "variables")}
        filled["connections"].write_text(connections)
        filled["variables"].write_text(variables)
        _airflow("db", "migrate")
        # Connections are written each time, because they hold this stack's addresses and passwords.
        _airflow("connections", "import", "--overwrite", str(filled["connections"]))
        # A variable that exists stays as it is: somebody may have changed it in the UI.
        _airflow("variables", "import", "--action-on-existing-key=skip", str(filled["variables"]))
    if before := os.environ.get("BIKES_STORE_API_URL_BEFORE", "").split():
        follow_address(before, os.environ["BIKES_STORE_API_URL"])
    if "--nothing-runs" in sys.argv[1:]:
        give_back_tasks()
    return _create_user(name, password)


def follow_address(before: list[str], now: str) -> None:
    """Write down the address of a currency service that was moved. Any other address was somebody's choice."""
    from airflow.models import Variable

    if Variable.get("BIKES_STORE_API_URL", default_var="") in before:
        Variable.set("BIKES_STORE_API_URL", now)


def give_back_tasks() -> None:
    """Have the scheduler, when it starts, schedule the tasks again that were queued or running.

    It resets tasks without an id of Celery whose scheduler has ended. The try that was cut short does not count.
    """
    from airflow.jobs.job import Job
    from airflow.models.taskinstance import TaskInstance
    from airflow.utils import timezone
    from airflow.utils.session import create_session
    from airflow.utils.state import JobState, State
    from sqlalchemy import update

    with create_session() as session:
        session.execute(
            update(Job).where(Job.state == JobState.RUNNING).values(state=JobState.FAILED, end_date=timezone.utcnow())
        )
        session.execute(
            update(TaskInstance)
            .where(TaskInstance.state.in_(State.adoptable_states))
            .values(external_executor_id=None, max_tries=TaskInstance.max_tries + 1)
            .execution_options(synchronize_session=False)
        )


def _airflow(*words: str) -> None:
    """Run a command of Airflow's command line in this process."""
    from airflow.cli.cli_parser import get_parser

    arguments = get_parser().parse_args(words)
    arguments.func(arguments)


def _create_user(name: str, password: str) -> int:
    """Make an admin, or set the password of the one that exists; returns the exit code.

    `airflow users create` takes the password on its command line, where every user of the machine can read it.
    """
    from airflow.providers.fab.auth_manager.cli_commands.utils import get_application_builder

    with get_application_builder() as builder:
        manager = builder.sm
        user = manager.find_user(name)
        if user is None:
            role = manager.find_role("Admin")
            if not manager.add_user(name, "Admin", "Bikes Store", f"{name}@localhost", role, password):
                print(f"Airflow could not make the user {name}: its log above says why.", file=sys.stderr)
                return 1
        else:
            manager.reset_password(user.id, password)
    return 0


if __name__ == "__main__":
    sys.exit(main())
