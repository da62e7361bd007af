"""`make up`, `make down`, `make plan`, `make secrets`, `make logs`: the stack in containers.

    python -m stack up|down|plan|secrets
    python -m stack logs SERVICE

`up` takes SCALE, SOURCE_SQL, BIKES_STORE_API_URL and SLACK_WEBHOOK_URL from the environment, as `make demo` does; every
other variable of the root module is set as Terraform has it: terraform/*.auto.tfvars or TF_VAR_name.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

from rich.console import Console
from rich.markup import escape

from demo.endpoints import Endpoints
from demo.settings import REPOSITORY, DemoError
from stack.secrets import missing_secrets, read_secrets, write_secrets
from stack.terraform import Terraform

FOLDER = Path(os.environ.get("TERRAFORM_DIR") or REPOSITORY / "terraform")
ENDPOINTS = FOLDER / "endpoints.json"
# What `make demo` calls it, and the variable of the root module.
_SETTINGS = {
    "SCALE": "scale",
    "SOURCE_SQL": "source_sql",
    "BIKES_STORE_API_URL": "currency_api_url",
    "SLACK_WEBHOOK_URL": "slack_webhook_url",
}


def main() -> int:
    console = Console(highlight=False, width=None if sys.stdout.isatty() else 110)
    commands = {"up": up, "down": down, "plan": plan, "secrets": secrets, "logs": logs}
    if len(sys.argv) < 2 or sys.argv[1] not in commands:
        print("usage: python -m stack up|down|plan|secrets|logs [SERVICE]", file=sys.stderr)
        return 2
    try:
        commands[sys.argv[1]](console)
    except DemoError as error:
        console.print(f"[bold red]✗[/bold red] {escape(str(error))}")
        return 1
    except KeyboardInterrupt:
        console.print("Stopped. `make up` goes on where this ended; `make down` removes what there is.")
        return 130
    return 0


def up(console: Console) -> None:
    """Secrets, init, apply; ends when every service is healthy, and says where they are."""
    terraform = _prepare(console)
    again = [f"-replace={address}" for address in terraform.failed_jobs()]
    terraform.apply(*again)
    outputs = terraform.outputs()
    endpoints(outputs["endpoints"]).write(ENDPOINTS)
    console.print("\nEverything is up and healthy.")
    for name, page in outputs["pages"].items():
        login = f"  user {page['user']}" if page["user"] else ""
        console.print(f"{name.capitalize():11}[bold]{page['url']}[/bold]{login}")
    shown = FOLDER.relative_to(REPOSITORY) if FOLDER.is_relative_to(REPOSITORY) else FOLDER
    console.print(f"Passwords are in {shown}/secrets.auto.tfvars. `make run-pipeline` runs both DAGs.")


def down(console: Console) -> None:
    """Destroy everything, data included."""
    _initialise(console).run("destroy", "-no-color", "-auto-approve", "-compact-warnings")
    ENDPOINTS.unlink(missing_ok=True)
    console.print("The stack is gone. Its passwords stay in secrets.auto.tfvars for the next one.")


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
        raise DemoError("Which service? For instance `make logs SERVICE=airflow-scheduler`.")
    prefix = Terraform(FOLDER).outputs().get("name", "bikes-store")
    name = f"{prefix}-{service}"
    try:
        done = subprocess.run(["docker", "logs", "--tail", "200", "--follow", name])
    except FileNotFoundError:
        raise DemoError("docker is not on the PATH: its client is what shows a container's log.") from None
    if done.returncode not in (0, 130):
        raise DemoError(f"There is no log of {name}; `docker ps -a` lists the containers.")


def endpoints(made: Mapping[str, Any]) -> Endpoints:
    """Where the stack's parts are reached from here, with the logins.

    :param made: Terraform's output of that name.
    """
    known = read_secrets(FOLDER)

    def dsn(database: Mapping[str, object], user: str, password: str) -> str:
        return f"postgresql://{user}:{quote(password)}@{database['host']}:{database['port']}/{database['database']}"

    return Endpoints(
        airflow_url=made["airflow"],
        airflow_user="admin",
        airflow_password=known["airflow_admin_password"],
        source_dsn=dsn(made["source"], "postgres", known["source_admin_password"]),
        warehouse_dsn=dsn(made["warehouse"], "postgres", known["warehouse_admin_password"]),
        s3_endpoint=made["lake"]["url"],
        s3_access_key=made["lake"]["access_key"],
        s3_secret_key=known["lake_secret_key"],
    )


def _prepare(console: Console) -> Terraform:
    """Terraform with all that a plan takes: providers, passwords, what make was given."""
    _pass_settings(os.environ)
    return _initialise(console)


def _initialise(console: Console) -> Terraform:
    """Terraform with the providers, and with the passwords of the stack that its state knows, or else new ones."""
    terraform = Terraform(FOLDER)
    terraform.run("init", "-no-color", quiet=True)
    if missing_secrets(FOLDER):
        how = "made" if write_secrets(FOLDER, terraform.kept_secrets()) else "read back from Terraform's state"
        console.print(f"Passwords were {how}: secrets.auto.tfvars (mode 0600, not in git).")
    return terraform


def _pass_settings(environment: Mapping[str, str]) -> None:
    for name, variable in _SETTINGS.items():
        if value := environment.get(name):
            if name == "SOURCE_SQL":
                path = Path(value).expanduser()
                if not path.is_file():
                    raise DemoError(f"SOURCE_SQL={value} is not a file.")
                value = str(path.resolve())
            os.environ[f"TF_VAR_{variable}"] = value


if __name__ == "__main__":
    sys.exit(main())
