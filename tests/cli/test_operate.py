"""`make psql`, `make airflow`, `make dbt`: which login, which program, what everybody can see of it."""

from __future__ import annotations

import json
import shlex
import subprocess
import sys

import pytest

from cli import operate
from cli.errors import UserError
from cli.names import ROLES, SECRETS
from cli.paths import REPOSITORY
from tests.support.programs import write_programs

PASSWORDS = {name: f"secret-of-{name}" for name in SECRETS}
# As Terraform's output `endpoints` has them.
INSIDE = {
    "source": {"host": "127.0.0.1", "port": 5433, "database": "bikes-store", "user": "postgres"},
    "warehouse": {"host": "127.0.0.1", "port": 5434, "database": "warehouse", "user": "postgres"},
}
INSIDE = {name: {**place, "secret": f"{name}_admin_password", "sslmode": "disable"} for name, place in INSIDE.items()}
AIRFLOW = "http://127.0.0.1:8080"
ELSEWHERE = {
    **INSIDE,
    "source": {
        **INSIDE["source"],
        **{"host": "db.example.com", "user": "analyst", "secret": "source_reader_password", "sslmode": "verify-full"},
    },
}
# Programs that say what they were started with, and end with a code of their own.
SAYS = "#!/bin/sh\nprintf '%s\\n' \"$0\" \"$@\"\nenv | grep -E '^(PG|DBT_)'\nexit 7\n"
DOCKER = """#!/bin/sh
if [ "$1" = ps ]; then echo stack-airflow-db; echo stack-warehouse; echo stack-airflow-scheduler; exit; fi
""" + SAYS.removeprefix("#!/bin/sh\n")


def started(tmp_path, call, programs, **environment):
    """What a command of a stack in containers starts: its code, its words, its environment."""
    path = write_programs(tmp_path / "bin", programs)
    for tool in ("env", "grep", "sh"):
        if not (path / tool).exists():
            (path / tool).symlink_to(f"/usr/bin/{tool}")
    script = f"from cli.containers import operate\noperate.{call}"
    done = subprocess.run(
        [sys.executable, "-c", script],
        env={"PATH": str(path), "PYTHONPATH": f"{REPOSITORY}:{REPOSITORY / 'dags'}", **environment},
        capture_output=True,
        text=True,
    )
    lines = done.stdout.splitlines()
    variables = dict(line.split("=", 1) for line in lines if line.startswith(("PG", "DBT_")) and "=" in line)
    words = [line for line in lines if line.split("=")[0] not in variables or "=" not in line]
    return done.returncode, words, variables, done.stderr


def psql(place=INSIDE):
    return f"psql('stack', {json.dumps({'endpoints': {**place, 'airflow': AIRFLOW}})}, {json.dumps(PASSWORDS)})"


@pytest.mark.parametrize(
    ("environment", "role", "secret"),
    [
        ({}, "reporter", "reporter_password"),
        ({"DB": "warehouse"}, "reporter", "reporter_password"),
        ({"DB": "warehouse", "ROLE": "dbt"}, "dbt", "dbt_password"),
        ({"DB": "source"}, "source_reader", "source_reader_password"),
        ({"DB": "airflow"}, "airflow", "airflow_db_password"),
    ],
)
def test_people_read_with_the_role_that_may_read(environment, role, secret):
    login = operate.login(environment)
    assert (login.role, login.secret) == (role, secret)
    assert secret in SECRETS
    # Airflow's database has one role, which may do everything.
    assert ("read_only" in login.options) == (environment.get("DB") == "airflow")


@pytest.mark.parametrize(
    ("environment", "says"),
    [
        ({"DB": "lake"}, "DB=lake is no database of the platform: give one of warehouse, source, airflow."),
        (
            {"ROLE": "root"},
            f"ROLE=root is no role of the database warehouse: give one of {', '.join(ROLES['warehouse'])}.",
        ),
        ({"DB": "airflow", "ROLE": "dbt"}, "ROLE=dbt is no role of the database airflow: give one of airflow."),
    ],
)
def test_a_database_or_a_role_that_is_not_there_is_a_sentence(environment, says):
    with pytest.raises(UserError) as error:
        operate.login(environment)
    assert str(error.value) == says


def test_arguments_are_split_as_a_shell_does():
    assert operate.arguments({"ARGS": "-c 'SELECT 1' --csv"}) == ["-c", "SELECT 1", "--csv"]
    assert operate.arguments({}) == []
    with pytest.raises(UserError, match="can't be split into words: no closing quotation"):
        operate.arguments({"ARGS": "-c 'SELECT"})


def test_a_program_that_is_not_there_is_a_sentence():
    with pytest.raises(UserError, match=r"^Install it\.$"):
        operate.become(["/nowhere/psql"], {}, "Install it.")


def test_psql_of_this_machine_reaches_a_database_that_has_a_port(tmp_path):
    code, words, variables, _ = started(tmp_path, psql(), {"psql": SAYS, "docker": DOCKER}, ARGS="-c 'SELECT 1'")
    assert (code, words) == (7, [f"{tmp_path}/bin/psql", "-c", "SELECT 1"])
    assert variables == {
        "PGHOST": "127.0.0.1",
        "PGPORT": "5434",
        "PGDATABASE": "warehouse",
        "PGUSER": "reporter",
        "PGPASSWORD": "secret-of-reporter_password",
        "PGSSLMODE": "disable",
    }


def test_a_database_elsewhere_is_asked_with_the_login_that_was_given(tmp_path):
    _, _, variables, _ = started(tmp_path, psql(ELSEWHERE), {"psql": SAYS}, DB="source")
    assert (variables["PGHOST"], variables["PGUSER"]) == ("db.example.com", "analyst")
    # Whether the certificate is one to trust is for the pipeline to see, as in endpoints.json.
    assert (variables["PGPASSWORD"], variables["PGSSLMODE"]) == ("secret-of-source_reader_password", "require")


@pytest.mark.parametrize(("database", "programs"), [("airflow", ["psql", "docker"]), ("warehouse", ["docker"])])
def test_psql_of_the_container_reaches_the_others(tmp_path, database, programs):
    """That without a port on this machine; and each, where this machine has no psql."""
    scripts = {"psql": SAYS, "docker": DOCKER}
    code, words, variables, _ = started(tmp_path, psql(), {name: scripts[name] for name in programs}, DB=database)
    assert code == 7
    assert words[:3] == [f"{tmp_path}/bin/docker", "exec", "--interactive"]
    container = {"airflow": "stack-airflow-db", "warehouse": "stack-warehouse"}[database]
    assert words[-2:] == [container, "psql"]
    assert "secret-of" not in " ".join(words)
    assert {name for name in variables if name in words} == set(variables) >= {"PGPASSWORD", "PGUSER"}
    assert ("PGOPTIONS" in variables) == (database == "airflow")


def test_without_psql_and_without_a_container_is_a_sentence(tmp_path):
    code, _, _, said = started(tmp_path, psql(ELSEWHERE), {"docker": "#!/bin/sh\n"}, DB="source")
    assert code == 1
    assert "psql is not on the PATH, and there is no container stack-source that has one: install" in said


def test_airflow_and_dbt_run_in_the_schedulers_container(tmp_path):
    code, words, _, _ = started(tmp_path, "airflow('stack')", {"docker": DOCKER}, ARGS="dags list")
    assert (code, words[1:]) == (7, ["exec", "--interactive", "stack-airflow-scheduler", "airflow", "dags", "list"])
    call = f"dbt('stack', {json.dumps({'endpoints': INSIDE})}, {json.dumps(PASSWORDS)})"
    code, words, variables, _ = started(tmp_path, call, {"docker": DOCKER}, ARGS="build --select dim_product")
    assert code == 7
    assert words[-5:] == ["stack-airflow-scheduler", "dbt", "build", "--select", "dim_product"]
    assert variables["DBT_PASSWORD"] == "secret-of-dbt_password" and "secret-of" not in " ".join(words)
    assert set(variables) <= set(words)


def test_a_stack_that_is_stopped_is_a_sentence(tmp_path):
    code, _, _, said = started(tmp_path, "airflow('stack')", {"docker": "#!/bin/sh\n"})
    assert code == 1 and "The container stack-airflow-scheduler does not run: `make up` starts the stack." in said


@pytest.mark.parametrize("target", ["status", "psql", "airflow", "dbt"])
def test_make_says_in_a_sentence_that_no_stack_is_up(tmp_path, target):
    """The first of its commands does. It needs no package that only the demo has."""
    planned = subprocess.run(["make", "-C", REPOSITORY, "--dry-run", target], capture_output=True, text=True)
    first = next(line for line in planned.stdout.splitlines() if "cli/start.py" in line)
    done = subprocess.run(
        shlex.split(first),
        cwd=REPOSITORY,
        env={"PATH": "/usr/bin:/bin", "PYTHONPATH": "dags", "ENDPOINTS": str(tmp_path / "none.json")},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 1
    said = " ".join((done.stdout + done.stderr).split())
    assert said == f"✗ {tmp_path}/none.json does not exist: is the stack up? `make demo` or `make up` starts one."
