"""A Docker engine to test on, and the images that stand in for those of Docker Hub."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import docker
import docker.errors
from docker.models.containers import Container
from docker.models.networks import Network
from docker.models.volumes import Volume

from cli.containers.images import read_pinned
from cli.paths import REPOSITORY, TERRAFORM
from tests.support.go_tools import statsd_exporter
from tests.support.needs import lack

_IMAGES = REPOSITORY / "tests" / "support" / "images"
_CERTIFICATES = Path("/usr/local/share/ca-certificates")


@contextmanager
def running_engine(log: Path) -> Iterator[docker.DockerClient]:
    """The Docker engine that answers; otherwise, as root, one that is started for the tests."""
    if (engine := _connect()) is not None:
        with closing(engine):
            yield engine
        return
    install("dockerd", "docker.io")
    if os.getuid() != 0:
        lack("no Docker engine answers, and only root may start one")
    # Use a folder of its own: files in /run of a killed engine would look like those of a running one.
    with TemporaryDirectory(prefix="dockerd-", ignore_cleanup_errors=True) as runtime, log.open("w") as file:
        command = ["dockerd", f"--pidfile={runtime}/pid", f"--exec-root={runtime}/exec"]
        # Ctrl-C goes to the tests, which then remove what they made in the engine.
        process = subprocess.Popen(command, stdout=file, stderr=file, start_new_session=True)
        try:
            deadline = time.monotonic() + 60
            while (engine := _connect()) is None:
                if time.monotonic() > deadline or process.poll() is not None:
                    raise RuntimeError(f"dockerd did not start:\n{log.read_text()[-2000:]}")
                time.sleep(0.5)
            with closing(engine):
                yield engine
        finally:
            process.terminate()
            process.wait(60)


def build_images(engine: docker.DockerClient, folder: Path) -> dict[str, str]:
    """Build the stand-ins; returns the value for Terraform's variable `images`."""
    need_base(engine)
    images = {"base": BASE}
    common = "bikes-store-stand-in/common:test"
    engine.images.build(path=str(_IMAGES / "common"), tag=common, buildargs={"BASE_IMAGE": BASE}, rm=True)
    for name in sorted(folder.name for folder in _IMAGES.iterdir() if folder.is_dir() and folder.name != "common"):
        variable = {"lake": "minio"}.get(name, name.replace("-", "_"))
        context = folder / name
        shutil.copytree(_IMAGES / name, context, dirs_exist_ok=True)
        if name == "lake":
            shutil.copy2(Path(sys.prefix) / "bin" / "weed", context / "weed")
        if name == "statsd-exporter":
            shutil.copy2(statsd_exporter(), context / "statsd_exporter")
        images[variable] = f"bikes-store-stand-in/{name}:test"
        engine.images.build(path=str(context), tag=images[variable], buildargs={"COMMON": common}, rm=True)
    return images


def find_leftovers(engine: docker.DockerClient, name: str) -> list[Container | Volume | Network]:
    """The parts of the stack of that name that exist, in the order in which they can be removed."""
    containers, volumes = engine.containers.list(all=True), engine.volumes.list()
    return [each for each in [*containers, *volumes, *engine.networks.list()] if each.name.startswith(name)]


def remove_leftovers(engine: docker.DockerClient, name: str) -> None:
    """Remove all parts of the stack of that name: those of a killed test run would be in the way."""
    for each in find_leftovers(engine, name):
        if isinstance(each, Container):
            each.remove(force=True)
        else:
            each.remove()


def extra_certificates() -> str:
    """The certificates that this machine trusts beside the public ones, for networks whose proxy re-signs TLS."""
    return "\n".join(file.read_text() for file in sorted(_CERTIFICATES.glob("*.crt")))


# The Debian that Airflow's image is built on; the stand-ins are built on it too. Without its digest: where no registry
# can be reached it is made of packages, which are not the same bytes.
BASE = str(replace(read_pinned(TERRAFORM / "images.yaml")["base"], digest=""))


def _connect() -> docker.DockerClient | None:
    try:
        engine = docker.from_env(timeout=600)
        engine.ping()
    except docker.errors.DockerException:
        return None
    return engine


def need_base(engine: docker.DockerClient) -> None:
    """Get the base image, unless the engine has it: from Docker Hub, or else from Debian's packages."""
    try:
        engine.images.get(BASE)
        return
    except docker.errors.ImageNotFound:
        pass
    try:
        engine.images.pull(BASE)
    except docker.errors.APIError:
        install("mmdebstrap", "mmdebstrap")
        made = subprocess.run(["mmdebstrap", "--variant=minbase", "bookworm", "-"], stdout=subprocess.PIPE, check=True)
        repository, tag = BASE.split(":")
        engine.api.import_image_from_data(made.stdout, repository=repository, tag=tag)


def install(program: str, package: str) -> None:
    """Install a missing program from a Debian package. A server in the package is not started."""
    if shutil.which(program) is not None:
        return
    if os.getuid() != 0 or shutil.which("apt-get") is None:
        lack(f"{program} is missing: as root on Debian, the tests install {package}; here they can't.")
    policy = Path("/usr/sbin/policy-rc.d")
    had_policy = policy.exists()
    if not had_policy:
        policy.write_text("#!/bin/sh\nexit 101\n")
        policy.chmod(0o755)
    try:
        subprocess.run(["apt-get", "update", "-q"], check=True, capture_output=True)
        subprocess.run(
            ["apt-get", "install", "-y", "-q", "--no-install-recommends", package],
            check=True,
            capture_output=True,
            env={**os.environ, "DEBIAN_FRONTEND": "noninteractive"},
        )
    finally:
        if not had_policy:
            policy.unlink()
