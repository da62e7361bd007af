"""What `make up` needs: Docker's command and engine, Terraform, the registries, room."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from cli.containers.image import read_image
from cli.doctor import held_ports
from cli.doctor.facts import CONTAINERS_CORES, CONTAINERS_DISK_BYTES, CONTAINERS_MEMORY_BYTES, TERRAFORM_REGISTRY
from cli.doctor.findings import Finding, missing, ok, warning
from cli.doctor.for_all import has_packages, how_to_reach, own_authorities
from cli.doctor.machine import Machine
from cli.doctor.network import host_of

_CERTIFICATES = 'TF_VAR_extra_ca_certificates="$(cat {})" make up'


def docker(machine: Machine) -> Iterator[Finding]:
    """Docker's command, and the engine that it asks."""
    if not machine.which("docker"):
        mend = "brew install --cask docker" if machine.system == "Darwin" else "curl -fsSL https://get.docker.com | sh"
        yield missing("Docker", "docker is not on the PATH", mend)
        return
    engine = _engine(machine)
    context = engine.get("ClientInfo", {}).get("Context") or "default"
    where = _host(machine) or f"the context {context}"
    if engine.get("ServerVersion"):
        system = engine.get("OperatingSystem") or "another machine"
        yield ok("Docker", f"engine {engine['ServerVersion']} answers, of {where} ({system})")
        yield from _room(engine)
        return
    why = machine.run("docker", "info", "--format", "{{json .}}").errors
    text = f"the engine of {where} does not answer"
    if "permission denied" in why:
        yield missing("Docker", f"{text}: this user may not use it", 'sudo usermod -aG docker "$USER" && newgrp docker')
    elif machine.system == "Darwin":
        profile = context.partition("colima-")[2]
        yield missing("Docker", text, f"colima start {profile}".strip() if "colima" in context else "open -a Docker")
    elif _is_elsewhere(machine):
        yield missing("Docker", f"{text}: {why.splitlines()[-1] if why else 'no reason is given'}", "docker info")
    else:
        rootless = "rootless" in context or "/run/user/" in _host(machine)
        yield missing("Docker", text, f"{'systemctl --user' if rootless else 'sudo systemctl'} start docker")


def _room(engine: dict[str, Any]) -> Iterator[Finding]:
    """The memory and the cores that the engine has: with a virtual machine, those are not this machine's."""
    memory, cores = float(engine.get("MemTotal") or 0), int(engine.get("NCPU") or 0)
    text = f"the engine has {memory / 1e9:.1f} GB and {cores} cores"
    if memory < CONTAINERS_MEMORY_BYTES or cores < CONTAINERS_CORES:
        least = f"{CONTAINERS_MEMORY_BYTES / 1e9:.0f} GB and {CONTAINERS_CORES} cores"
        mend = "colima stop && colima start --memory 8 --cpu 4" if engine.get("Name") == "colima" else ""
        yield warning("Memory", f"{text}; Airflow asks for {least} at least", mend)
    else:
        yield ok("Memory", text)


def terraform(machine: Machine) -> Finding:
    """Terraform, and its release."""
    oldest = machine.facts.oldest_terraform()
    page = "https://developer.hashicorp.com/terraform/install"
    if machine.system == "Darwin":
        mend = "brew install hashicorp/tap/terraform"
    elif machine.which("snap"):
        mend = "sudo snap install terraform --classic"
    else:
        mend = f"see {page}"
    if not machine.which("terraform"):
        return missing("Terraform", f"terraform {oldest} or later is not on the PATH", mend)
    said = machine.run("terraform", "version", "-json")
    found = re.search(r'"terraform_version": *"([0-9.]+)', said.output)
    if not found:
        return missing("Terraform", f"`terraform version` fails: {said.errors or 'it names no release'}", mend)
    if _numbers(found.group(1)) < _numbers(oldest):
        return missing("Terraform", f"Terraform {found.group(1)} is here, and {oldest} or later is needed", mend)
    return ok("Terraform", f"Terraform {found.group(1)} ({oldest} or later is needed)")


def providers(machine: Machine) -> Finding:
    """Whether Terraform gets its providers: from a mirror that its configuration names, or from its registry."""
    if any((machine.repository / "terraform" / ".terraform" / "providers").glob("*/*/*/*")):
        return ok("Providers", "Terraform's providers are here")
    named = machine.environment.get("TF_CLI_CONFIG_FILE")
    configuration = Path(named) if named else Path(machine.environment.get("HOME", "/")) / ".terraformrc"
    try:
        if "provider_installation" in configuration.read_text(encoding="utf-8"):
            return ok("Providers", f"{configuration} says where Terraform's providers are")
    except OSError:
        pass
    answer = machine.ask(f"https://{TERRAFORM_REGISTRY}/.well-known/terraform.json")
    if answer.is_reached:
        return ok("Providers", f"{TERRAFORM_REGISTRY} is reached")
    text = f"{TERRAFORM_REGISTRY} is not reached: {answer.words}; docs/provider-mirror.md has another way"
    return missing("Providers", text, how_to_reach(answer))


def images(machine: Machine) -> Iterator[Finding]:
    """Whether the registries are reached whose images the engine does not have."""
    pinned = {name: str(image) for name, image in machine.facts.images().items()}
    pinned.update({name: str(text) for name, text in _other_images(machine).items()})
    has_engine = bool(_engine(machine).get("ServerVersion"))
    wanted: dict[str, list[str]] = {}
    for text in sorted(set(pinned.values())):
        if not (has_engine and machine.run("docker", "image", "inspect", "--format", "x", text).code == 0):
            wanted.setdefault(read_image(text).registry, []).append(text)
    if not wanted:
        yield ok("Images", f"the engine has all {len(pinned)}")
    registries = sorted(wanted)
    answers = machine.ask_all(f"https://{registry}/v2/" for registry in registries)
    for number, registry in enumerate(registries):
        answer, lacking = answers[number], wanted[registry]
        if answer.is_reached:
            yield ok("Images", f"{registry} is reached ({len(lacking)} to get)")
            continue
        text = f"{registry} is not reached: {answer.words}"
        if _is_elsewhere(machine) or _has_own_way(machine):
            yield warning("Images", f"{text}. The engine may reach it, which asks by a way of its own")
        else:
            yield missing("Images", f"{text}; docs/provider-mirror.md has another way", how_to_reach(answer))


def certificates(machine: Machine) -> Finding:
    """Whether Airflow's image is going to trust what this machine was told to trust."""
    added = own_authorities(machine)
    if not added:
        return ok("Own certificates", "this machine trusts no authority of its own")
    if machine.variable("extra_ca_certificates"):
        return ok("Own certificates", "Airflow's image gets those of extra_ca_certificates")
    names = " ".join(f"{folder}/*" for folder in added)
    text = "this machine trusts authorities that Airflow's image does not: behind a proxy that signs anew, it has to"
    return warning("Own certificates", text, _CERTIFICATES.format(names))


def packages(machine: Machine) -> Finding:
    """Whether the packages that its commands run with are here, or have room."""
    if has_packages(machine, commands_alone=True):
        return ok("Python packages", "they are here")
    alone = not (machine.repository / ".venv").exists()
    needed, free = machine.facts.packages_bytes(alone), machine.free_bytes(machine.repository)
    if free < needed:
        text = f"{free / 1e9:.1f} GB of disk are free here, and Python's packages need {needed / 1e9:.1f} GB"
        return missing("Python packages", text, f"df -h {machine.repository}")
    return ok("Python packages", "`make up` gets them")


def disk(machine: Machine) -> Finding:
    """The disk that the engine keeps images and volumes on, where it is this machine's."""
    engine = _engine(machine)
    folder = Path(engine.get("DockerRootDir") or "/nowhere")
    if not engine.get("ServerVersion") or _is_elsewhere(machine) or not folder.exists():
        return ok("Disk", "Docker's disk can't be seen from here")
    free = machine.free_bytes(folder)
    text = f"{free / 1e9:.0f} GB are free for Docker ({folder})"
    if free < CONTAINERS_DISK_BYTES:
        least = f"Airflow asks for {CONTAINERS_DISK_BYTES / 1e9:.0f} GB at least"
        return warning("Disk", f"{text}; {least}", "docker system prune")
    return ok("Disk", text)


def ports(machine: Machine) -> list[Finding]:
    """The ports that it publishes."""
    if _is_elsewhere(machine):
        return [ok("Ports", f"they are those of {host_of(_host(machine))}")]
    return held_ports.of_stack(machine)


CHECKS = (packages, docker, terraform, ports, disk, providers, images, certificates)


def _engine(machine: Machine) -> dict[str, Any]:
    """What `docker info` says; empty where it says nothing."""
    try:
        engine = json.loads(machine.run("docker", "info", "--format", "{{json .}}").output)
    except ValueError:
        return {}
    return engine if isinstance(engine, dict) else {}


def _host(machine: Machine) -> str:
    """The engine's address, when one is named; empty for the context that is chosen."""
    return machine.variable("docker_host") or machine.environment.get("DOCKER_HOST", "")


def _is_elsewhere(machine: Machine) -> bool:
    """Whether the engine is not on this machine."""
    said = machine.run("docker", "context", "inspect", "--format", "{{.Endpoints.docker.Host}}")
    host = _host(machine) or said.output
    return bool(host) and not host.startswith(("unix://", "npipe://"))


def _has_own_way(machine: Machine) -> bool:
    """Whether the engine gets images by a mirror or a proxy of its own."""
    engine = _engine(machine)
    mirrors = (engine.get("RegistryConfig") or {}).get("Mirrors")
    return bool(mirrors or engine.get("HttpProxy") or engine.get("HttpsProxy"))


def _other_images(machine: Machine) -> dict[str, Any]:
    """The images that somebody put in place of the pinned ones: as a variable, or in a tfvars file."""
    found = machine.variables("images")
    for file in sorted((machine.repository / "terraform").glob("*.tfvars")):
        block = re.search(r"^images *= *\{(.*?)^\}", file.read_text(encoding="utf-8"), re.M | re.S)
        found.update(re.findall(r'^ *"?(\w+)"? *= *"([^"]+)"', block.group(1), re.M) if block else [])
    return found


def _numbers(release: str) -> list[int]:
    return [int(number) for number in re.findall(r"\d+", release)]
