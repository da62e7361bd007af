"""`make up`, `down`, `plan`, `secrets`, `logs`, `images`: the stack in containers; what is done with it when it is up.

    python -m cli.containers up|down|plan|secrets|images|backup|restore|simulate|psql|airflow|dbt
    python -m cli.containers logs SERVICE

`up` takes SCALE, SOURCE_SQL, BIKES_STORE_API_URL and SLACK_WEBHOOK_URL from the environment, as `make demo` does. All
other variables of the root module are set in Terraform's own way: in terraform/*.auto.tfvars or as TF_VAR_name.
`backup` takes BACKUP, the folder to make; `restore` takes BACKUP and REPLACE; `simulate` SCENARIO, DAYS and SEED;
`psql` takes DB, ROLE and ARGS; `airflow` and `dbt` take ARGS.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Collection, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from rich.console import Console

from cli import options
from cli.console import run_command
from cli.containers import engine, given, operate, published, servers, workers
from cli.containers.health import wait_until_healthy
from cli.containers.images import renew
from cli.containers.secrets_file import FILE, OLD_FILE, missing_secrets, read_old_file, read_secrets, write_secrets
from cli.containers.servers import Server, silent
from cli.containers.terraform import Terraform
from cli.endpoints import OF_CONTAINERS, Endpoints, dsn_from_here
from cli.errors import UserError
from cli.names import ADMIN, password_of
from cli.paths import TERRAFORM, shown
from cli.ports import Claims, is_taken
from cli.simulate import PAGE, UNDO
from cli.stopped import WHEN_STOPPED

# Tests start a stack from a copy of the root module.
FOLDER = Path(os.environ.get("TERRAFORM_DIR") or TERRAFORM)
ENDPOINTS = FOLDER / OF_CONTAINERS.name
# What `make demo` calls a setting => the variable of the root module.
_SETTINGS = {
    "SCALE": "scale",
    "SOURCE_SQL": "source_sql",
    "BIKES_STORE_API_URL": "currency_api_url",
    "SLACK_WEBHOOK_URL": "slack_webhook_url",
}
# What Ctrl-C leaves.
_WHEN_STOPPED = {
    "up": "Stopped. `make up` goes on from here; `make down` removes what was made.",
    "down": "Stopped. `make down` again removes what is left.",
    "plan": "Stopped. A plan changes nothing.",
    "secrets": "Stopped. `make secrets` writes what is missing.",
    "logs": "Stopped. The service goes on.",
    "images": "Stopped. terraform/images.yaml is as it was.",
    **WHEN_STOPPED,
}


def main() -> int:
    commands: dict[str, Callable[[Console], int | None]] = {"up": up, "down": down, "plan": plan, "secrets": secrets}
    commands |= {"logs": logs, "images": images, "backup": backup, "restore": restore, "simulate": simulate}
    commands |= {"psql": psql, "airflow": airflow, "dbt": dbt}
    if len(sys.argv) < 2 or sys.argv[1] not in commands:
        print(f"usage: python -m cli.containers {'|'.join(commands)}", file=sys.stderr)
        return 2

    os.umask(0o077)  # Terraform writes its state by it, with all passwords
    engine.choose()

    def command(console: Console) -> int:
        return commands[sys.argv[1]](console) or 0

    return run_command(command, _WHEN_STOPPED[sys.argv[1]])


def up(console: Console) -> None:
    """Start the stack with Terraform. Returns when every service is healthy, and prints the addresses."""
    terraform = _prepare(console)
    claims = Claims()  # they hold until this command ends
    _choose_ports(console, terraform, claims)
    _make_reachable(console, terraform)
    again = [f"-replace={address}" for address in terraform.failed_jobs()]
    terraform.apply(*again, planned=_keep_given)
    wait_until_healthy(terraform.services())
    outputs = terraform.outputs()
    _remove_images(outputs["name"], but=outputs["image"])
    endpoints(outputs["endpoints"]).write(ENDPOINTS)
    console.print("\nEverything is up and healthy.")
    for name, page in outputs["pages"].items():
        login = f"  user {page['user']}" if page["user"] else ""
        console.print(f"{name.capitalize():11}[bold]{page['url']}[/bold]{login}")
    console.print(f"Passwords are in {shown(FOLDER)}/{FILE}. `make run-pipeline` runs both DAGs.")


def down(console: Console) -> None:
    """Destroy everything, data included."""
    terraform = _initialise(console)
    name = terraform.outputs().get("name", "")
    _remove_strays(console, terraform)
    if stopped := silent(terraform):
        console.print(f"{_no_answer(stopped)}: what Terraform made there goes with the volume.")
        terraform.run("state", "rm", *(address for inside in stopped.values() for address in inside), quiet=True)
    terraform.run("destroy", "-no-color", "-auto-approve", "-compact-warnings")
    _remove_images(name)
    for file in (ENDPOINTS.name, PAGE, UNDO):
        (FOLDER / file).unlink(missing_ok=True)
    given.forget(FOLDER)
    console.print(f"The stack is gone. Its passwords stay in {FILE} for the next one.")


def plan(console: Console) -> None:
    """Show what `make up` would change."""
    _prepare(console).run("plan", "-no-color", "-compact-warnings")


def secrets(console: Console) -> None:
    """Write the passwords that are missing."""
    _initialise(console)


def logs(console: Console) -> None:
    """Follow the log of a service, with Docker's own command."""
    service = sys.argv[2] if len(sys.argv) > 2 else ""
    if not service:
        raise UserError("Which service? For instance `make logs SERVICE=airflow-scheduler`.")
    name = f"{_prefix()}-{service}"
    try:
        done = subprocess.run(["docker", "logs", "--tail", "200", "--follow", name])
    except FileNotFoundError:
        raise UserError("docker is not on the PATH: install Docker's client, which shows a container's log.") from None
    if done.returncode not in (0, 130):
        raise UserError(f"There is no log of {name}; `docker ps -a` lists the containers.")


def images(console: Console) -> None:
    """Renew the tags and digests of all images."""
    renew(FOLDER / "images.yaml", console.print)


def backup(console: Console) -> None:
    """Back up the stack that is up."""
    from cli.backup import steps  # what these two import, no other command needs
    from cli.containers import stores

    folder = steps.folder_for_new(os.environ)
    steps.make_backup(console, stores.of(_prefix(), Endpoints.read(ENDPOINTS), read_secrets(FOLDER)), folder)


def restore(console: Console) -> None:
    """Restore a backup into the stack that is up. Airflow is stopped meanwhile."""
    from cli.backup import steps
    from cli.containers import stores

    kept = steps.open_backup(os.environ)
    found = stores.of(_prefix(), Endpoints.read(ENDPOINTS), read_secrets(FOLDER))
    replace = options.is_set(os.environ, "REPLACE")
    steps.check_restore(found, kept, replace)
    with stores.airflow_stopped(_prefix()):
        steps.restore(console, found, kept, replace)


def simulate(console: Console) -> int:
    """Play a scenario on the stack that is up, or list all scenarios."""
    from cli.simulate.command import simulate as play_scenario  # what it imports, no other command needs

    return play_scenario(console, os.environ, ENDPOINTS, lambda task_id: workers.end_task(_prefix(), task_id))


def psql(console: Console) -> None:
    """psql on one of the stack's databases."""
    operate.psql(_prefix(), Terraform(FOLDER).outputs(), read_secrets(FOLDER))


def airflow(console: Console) -> None:
    """A command of Airflow in the stack."""
    operate.airflow(_prefix())


def dbt(console: Console) -> None:
    """A command of dbt in the stack."""
    operate.dbt(_prefix(), Terraform(FOLDER).outputs(), read_secrets(FOLDER))


def _prefix() -> str:
    """What the names of the stack's containers begin with. From here on, its engine is asked."""
    outputs = Terraform(FOLDER).outputs()
    engine.choose(outputs.get("docker_host"))
    return str(outputs.get("name", "bikes-store"))


def endpoints(made: Mapping[str, Any]) -> Endpoints:
    """The addresses of the stack's parts, with the logins.

    :param made: Terraform's output `endpoints`.
    """
    known = read_secrets(FOLDER)

    def dsn(database: Mapping[str, Any]) -> str:
        login = {name: database[name] for name in ("host", "port", "database", "user", "sslmode")}
        return dsn_from_here(**login, password=known[database["secret"]])

    return Endpoints(
        airflow_url=made["airflow"],
        airflow_user=ADMIN,
        airflow_password=known["airflow_admin_password"],
        source_dsn=dsn(made["source"]),
        warehouse_dsn=dsn(made["warehouse"]),
        lake_endpoint=made["lake"]["url"],
        lake_access_key=made["lake"]["access_key"],
        lake_secret_key=known["lake_secret_key"],
        prometheus_url=made["prometheus"],
        # A source elsewhere is reached as the pipeline reaches it, one of the stack's own as its superuser.
        source_elsewhere=made["source"]["host"] if made["source"]["secret"] == password_of("source_reader") else "",
    )


def _choose_ports(console: Console, terraform: Terraform, claims: Claims) -> None:
    """See to it that a new stack on this machine gets ports that are free. One that is there keeps its ports."""
    address = published.address_here(os.environ)
    if address is None or terraform.containers():
        return

    def is_free(port: int) -> bool:
        return not is_taken(port, address) and claims.claim(port)

    published.choose(FOLDER, os.environ, is_free, console.print)


def _make_reachable(console: Console, terraform: Terraform) -> None:
    """See to it that the lake and Grafana answer, and take the passwords that Terraform is going to log in with."""
    secrets = read_secrets(FOLDER)
    stopped, renewed = silent(terraform), servers.with_new_secrets(terraform, secrets)
    if stopped:
        console.print(f"{_no_answer(stopped)}: started first, since Terraform asks there for what it made.")
    # The lake's administrator is in its environment.
    if first := [each for each in servers.SERVERS if each in stopped or (each == servers.LAKE and each in renewed)]:
        terraform.apply(*(f"-target={server.module}" for server in first), planned=_keep_given)
    if servers.GRAFANA in renewed:
        servers.reset_grafana_password(_prefix(), secrets[servers.GRAFANA.secret])
    if renewed:
        console.print(f"{' and '.join(each.name for each in renewed)}: the administrator has the new password.")


def _remove_images(name: str, but: str = "") -> None:
    """Remove the stack's own images, except one. What a container uses, of another clone for instance, stays."""
    with suppress(UserError):
        for image in engine.docker("image", "ls", "--format", "{{.Repository}}:{{.Tag}}", f"{name}-airflow").split():
            if image != but:
                with suppress(UserError):
                    engine.docker("image", "rm", image)


def _keep_given() -> None:
    given.keep(FOLDER, os.environ)


def _no_answer(stopped: Collection[Server]) -> str:
    names = " and ".join(server.name for server in stopped)
    return f"{names} {'does' if len(stopped) == 1 else 'do'} not answer"


def _remove_strays(console: Console, terraform: Terraform) -> None:
    """Remove the containers of this stack that a killed Terraform left: its state does not know them."""
    outputs = terraform.outputs()
    if not (name := outputs.get("name")):
        return
    engine.choose(outputs.get("docker_host"))
    known = terraform.containers()
    listed = ["ps", "--all", "--no-trunc", "--format", "{{.ID}} {{.Names}}", "--filter", f"network={name}"]
    for container, called in (line.split() for line in engine.docker(*listed).splitlines()):
        if container not in known and called.startswith(f"{name}-"):
            engine.docker("rm", "--force", container)
            console.print(f"{called} is removed: Terraform was killed while it made it.")


def _prepare(console: Console) -> Terraform:
    """Terraform with all that a plan needs: providers, passwords, the settings that make got."""
    _pass_settings(os.environ)
    return _initialise(console)


def _initialise(console: Console) -> Terraform:
    """Terraform with its providers and passwords. Passwords come from its state, or else are new."""
    terraform = Terraform(FOLDER)
    if recalled := given.recall(FOLDER, os.environ):
        console.print(f"As before: {', '.join(recalled)}. `TF_VAR_name= make up` takes one back.")
        engine.choose()
    terraform.run("init", "-no-color", quiet=True)
    if missing_secrets(FOLDER):
        _write_secrets(console, terraform)
    return terraform


def _write_secrets(console: Console, terraform: Terraform) -> None:
    """Write the passwords that are missing: those of the state, else of an older release's file, else new ones."""
    of_state = terraform.kept_secrets()
    of_old_file, has_more = read_old_file(FOLDER)
    made = write_secrets(FOLDER, of_old_file | of_state)
    how = "made" if made else "read back from Terraform's state" if of_state else f"taken over from {OLD_FILE}"
    console.print(f"Passwords were {how}: {FILE} (mode 0600, not in git).")
    if has_more:
        console.print(f"{OLD_FILE} stays, since it has other settings too: take the passwords out of it.")
    elif of_old_file:
        (FOLDER / OLD_FILE).unlink()
        console.print(f"{OLD_FILE} of an older release is removed: its passwords are in {FILE}.")


def _pass_settings(environment: Mapping[str, str]) -> None:
    """Give the settings that make got to Terraform, as its variables."""
    given = {name: environment[name] for name in _SETTINGS if environment.get(name)}
    if "SCALE" in given:
        given["SCALE"] = str(options.scale(environment))
    if dump := options.dump(environment):
        given["SOURCE_SQL"] = str(dump)
    for name, value in given.items():
        os.environ[f"TF_VAR_{_SETTINGS[name]}"] = value


if __name__ == "__main__":
    sys.exit(main())
