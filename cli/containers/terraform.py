"""Run Terraform, and explain its errors to a person."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from cli.containers.followed import follow
from cli.errors import UserError
from cli.repository import runbooks_url

# What Terraform and the providers say about a fault => what a person needs to know about it.
_CAUSES = (
    (
        (
            "Failed to query available provider packages",
            "could not query provider registry",
            "Could not retrieve the list",
        ),
        "The Terraform registry can't be reached from here. docs/provider-mirror.md says how to get the three"
        " providers in another way. `make demo` runs the platform without Terraform and Docker.",
    ),
    (
        ("Cannot connect to the Docker daemon", "rror pinging Docker server", "connect to the Docker daemon socket"),
        "The Docker engine can't be reached. Is it running, and may this user use it? `docker context use` or"
        " DOCKER_HOST names another engine. `make demo` runs the platform without Docker.",
    ),
    (
        ("unable to pull image", "unable to read Docker image", "Unable to read Docker image", "pull access denied"),
        "An image can't be pulled; the error above names it. docs/provider-mirror.md says how to get images in another"
        " way. `make demo` runs the platform without Docker.",
    ),
    (
        ("has active endpoints", "volume is in use"),
        "Containers that this Terraform state does not know use the stack's network or its volumes, as after a kill, or"
        " where somebody started one there; the error above names which. `docker ps --all` lists them: remove them with"
        " `docker rm --force NAME`, then run this again.",
    ),
    (
        ("invalid response status 403",),
        "This engine keeps images in containerd and is older than Docker 28.3, so it can't build for the variable"
        " docker_host. Take the variable away and name the engine as DOCKER_HOST, or with `docker context use`.",
    ),
    (
        ("is already in use by container", "network with name"),
        "Docker has a container or a network of that name that this Terraform state does not know. If another clone is"
        " up, stop it (`make down` there), or set TF_VAR_name and run both, on other ports. If a state was lost, its"
        " passwords are lost too: remove what it left with `docker rm --force NAME`, and the data with `docker volume"
        " rm NAME`.",
    ),
    (
        ("password authentication failed for user",),
        "A database does not take its password in secrets.auto.tfvars.json: its volume was made with another"
        " password. Put that password back. Or, if nobody needs the data, run `make down`, remove the volumes that are"
        " left (`docker volume ls` lists them, `docker volume rm NAME` removes one), and try again.",
    ),
    (
        ("port is already allocated", "address already in use"),
        "A port that the stack wants to publish is taken; the error above names it. Free it, or choose another port in"
        " the variable ports (README, Variables).",
    ),
    (
        ("connection refused", "Connection refused", "Could not connect to the endpoint URL"),
        "The lake or Grafana does not answer, and Terraform asks them for what it made there. `make up` starts them,"
        " `make down` removes the stack without them.",
    ),
)

_SECRETS = "terraform_data.secrets"

_AT_STOP = (
    "Stopping. Terraform ends what it has begun first, such as the wait for a service's health: up to three minutes."
    " A second Ctrl-C kills it: what it is making then may be missing from its state."
)
_AT_SECOND_STOP = "Terraform is killed. `make down` removes what it was making; where it can't, its error says why."


class Terraform:
    """Terraform in the folder of the root module."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._known: list[dict[str, Any]] | None = None
        if shutil.which("terraform") is None:
            raise UserError(
                "terraform is not on the PATH: install it (https://developer.hashicorp.com/terraform/install);"
                " `make demo` runs the platform without it."
            )

    def run(self, *arguments: str, quiet: bool = False) -> str:
        """Run a command. Its output goes to the terminal; with ``quiet``, it is returned instead.

        :raises UserError: when the command fails; the terminal has shown its errors.
        """
        command = self._command(*arguments)
        try:
            code, output, errors = follow(command, self._environment(), _AT_STOP, _AT_SECOND_STOP, quiet)
        finally:
            self._known = None
            self.keep_private()
        if code != 0:
            raise UserError(explain(errors) or f"`terraform {arguments[0]}` failed; the errors above say why.")
        return output

    def keep_private(self) -> None:
        """Let this user alone read the state and its backup: they have all passwords, after a destroy too.

        Terraform makes them by the umask, and leaves the mode of a file that is there.
        """
        for file in self.folder.glob("terraform.tfstate*"):
            file.chmod(0o600)

    def apply(self, *arguments: str, planned: Callable[[], None] = lambda: None) -> None:
        """Plan and apply. Prints only the summary of the plan, as the plan has hundreds of lines (see `make plan`).

        :param planned: called when there is a plan, before anything is made.
        :raises UserError: when one of the two fails; the terminal has shown its errors.
        """
        with TemporaryDirectory() as folder:  # only this user can read it: a plan holds the secrets
            plan = Path(folder) / "plan"
            said = self._plan(plan, *arguments)
            if rebuilt := self._rebuilt(plan):
                # Terraform would remove the containers while it builds. So a build that fails leaves them running.
                print("The image is built first.", flush=True)
                self._plan(plan, *(f"-target={address}" for address in rebuilt))
                planned()
                self.run("apply", "-no-color", str(plan))
                said = self._plan(plan, *arguments)
            print(
                "\n".join(line for line in said.splitlines() if line.startswith(("Plan:", "No changes."))), flush=True
            )
            planned()
            if "No changes." not in said:
                self.run("apply", "-no-color", str(plan))

    def _plan(self, file: Path, *arguments: str) -> str:
        return self.run("plan", "-no-color", "-compact-warnings", f"-out={file}", *arguments, quiet=True)

    def _rebuilt(self, plan: Path) -> list[str]:
        """The addresses of the images that the plan builds in place of others."""
        changes = json.loads(self._quiet("show", "-json", str(plan))).get("resource_changes", [])
        return [
            each["address"]
            for each in changes
            if each["type"] == "docker_image"
            and {"create", "delete"} <= set(each["change"]["actions"])
            and each["change"]["after"].get("build")
        ]

    def outputs(self) -> dict[str, Any]:
        done = self._quiet("output", "-json")
        return {name: output["value"] for name, output in json.loads(done).items()}

    def failed_jobs(self) -> list[str]:
        """Addresses of one-shot containers that failed in an earlier apply: they have to run again."""
        return [
            resource["address"]
            for resource in self._state()
            if resource["type"] == "docker_container"
            and not resource["values"].get("must_run", True)
            and resource["values"].get("exit_code") != 0
        ]

    def evaluate(self, expression: str) -> Any:
        """The value of an expression of the root module. No provider is asked.

        :raises UserError: when it has none, for instance since a variable is wrong.
        """
        done = self._quiet("console", "-no-color", said=f"jsonencode({expression})\n")
        return json.loads(json.loads(done.splitlines()[-1]))

    def addresses(self, kinds: str) -> list[str]:
        """The addresses of what the state knows of some kinds.

        :param kinds: what they begin with.
        """
        return [resource["address"] for resource in self._state() if resource["type"].startswith(kinds)]

    def containers(self) -> set[str]:
        """The ids of the containers that the state knows."""
        return {each["values"]["id"] for each in self._state() if each["type"] == "docker_container"}

    def services(self) -> list[str]:
        """The ids of the containers that stay up."""
        containers = [each["values"] for each in self._state() if each["type"] == "docker_container"]
        return [values["id"] for values in containers if values.get("wait")]

    def kept_secrets(self) -> dict[str, str]:
        """The secrets of the last apply, by name; none when there was none."""
        return next((each["values"]["input"] for each in self._state() if each["address"] == _SECRETS), {})

    def _state(self) -> list[dict[str, Any]]:
        """What the state knows. It is read once until a command runs, as Terraform starts all providers for it."""
        if self._known is None:
            state = json.loads(self._quiet("show", "-json"))
            self._known = _resources(state.get("values", {}).get("root_module", {}))
        return self._known

    def _quiet(self, *arguments: str, said: str = "") -> str:
        command = self._command(*arguments)
        done = subprocess.run(command, input=said, capture_output=True, text=True, env=self._environment())
        if done.returncode != 0:
            raise UserError(f"`terraform {arguments[0]}` failed: {done.stderr.strip()}")
        return done.stdout

    def _command(self, *arguments: str) -> Sequence[str]:
        return ["terraform", f"-chdir={self.folder}", *arguments]

    def _environment(self) -> dict[str, str]:
        found = {**os.environ, "TF_IN_AUTOMATION": "1", "TF_INPUT": "0"}
        if url := runbooks_url():
            found.setdefault("TF_VAR_runbooks_url", url)
        return found


def _resources(module: dict[str, Any]) -> list[dict[str, Any]]:
    found = list(module.get("resources", []))
    for child in module.get("child_modules", []):
        found += _resources(child)
    return found


def explain(said: str) -> str | None:
    text = " ".join(said.replace("│", " ").split())
    for signs, sentence in _CAUSES:
        if any(sign in text for sign in signs):
            return sentence
    return None
