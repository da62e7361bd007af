"""The double of kreuzwerker/docker. Networks, volumes, images and containers are real; the engine's API makes them."""

from __future__ import annotations

import io
import os
import tarfile
import time
from typing import Any

import docker
import docker.errors
from docker.types import EndpointConfig, Healthcheck, LogConfig
from tf.types import Unknown

from tests.support.doubles.engine import Double, Kind, Refused, Values, blocks, run
from tests.support.doubles.schema import read_schema

_USUAL_PLACE = "unix:///var/run/docker.sock"
_UNITS = {"h": 3600, "m": 60, "s": 1}


class DockerKind(Kind):
    @property
    def engine(self) -> docker.DockerClient:
        """The engine of the provider's host; without one, of DOCKER_HOST; without that, at the usual place.

        The provider knows DOCKER_CONTEXT too, by which it overrides the host, and finds no context "default". It does
        not look for the context that is chosen in ~/.docker/config.json. (provider.go, configure and getContextHost)
        """
        if os.environ.get("DOCKER_CONTEXT"):
            raise Refused(f"Error loading Docker context '{os.environ['DOCKER_CONTEXT']}': context not found")
        return _connect(self.provider.get("host") or os.environ.get("DOCKER_HOST") or _USUAL_PLACE)


def _connect(host: str) -> docker.DockerClient:
    try:
        return docker.DockerClient(base_url=host, version="auto", timeout=1200)
    except docker.errors.DockerException as error:
        raise Refused(
            f"failed to create Docker client: Error pinging Docker server, please make sure that {host} is reachable"
            f" and has a  '_ping' endpoint. Error: Cannot connect to the Docker daemon at {host}."
        ) from error


class Network(DockerKind):
    def create(self, planned: Values) -> Values:
        # As the provider's client asks: without it, Docker would make a second network of the name.
        return {"id": self.engine.networks.create(planned["name"], driver="bridge", check_duplicate=True).id}

    def read(self, state: Values) -> Values | None:
        return {} if _found(self.engine.networks.get, state["id"]) else None

    def delete(self, state: Values) -> None:
        self.engine.networks.get(state["id"]).remove()


class Volume(DockerKind):
    def create(self, planned: Values) -> Values:
        return {"id": self.engine.volumes.create(planned["name"]).name}

    def read(self, state: Values) -> Values | None:
        return {} if _found(self.engine.volumes.get, state["id"]) else None

    def delete(self, state: Values) -> None:
        self.engine.volumes.get(state["id"]).remove()


class Image(DockerKind):
    def builder(self, build: Values) -> docker.DockerClient:
        """The engine that builds. buildx does not look at the provider's host: docker_cli.go gives it no endpoint."""
        if build["use_legacy_builder"]:
            return self.engine
        return _connect(os.environ.get("DOCKER_HOST") or _USUAL_PLACE)

    def create(self, planned: Values) -> Values:
        name = planned["name"]
        try:
            if planned["build"]:
                (build,) = planned["build"]
                image, _ = self.builder(build).images.build(
                    path=build["context"],
                    dockerfile=build["dockerfile"],
                    buildargs=build["build_args"],
                    tag=name,
                    rm=True,
                    forcerm=True,
                )
            else:
                image = _found(self.engine.images.get, name) or self.engine.images.pull(name)
        except docker.errors.BuildError as error:
            log = "".join(line.get("stream", "") for line in error.build_log)
            raise Refused(f"building {name} failed: {error}\n{log[-3000:]}") from error
        except docker.errors.APIError as error:
            raise Refused(f"Unable to read Docker image into resource: unable to pull image {name}: {error}") from error
        return {"id": f"{image.id}{name}", "image_id": image.id, "repo_digest": ""}

    def read(self, state: Values) -> Values | None:
        image = _found(self.engine.images.get, state["name"])
        return None if image is None or image.id != state["image_id"] else {}

    def update(self, prior: Values, planned: Values) -> Values:
        return {}

    def delete(self, state: Values) -> None:
        if not state["keep_locally"]:
            # Without force, Docker refuses one that a container uses, as for the provider (removeImage).
            self.engine.images.remove(state["name"])


class Container(DockerKind):
    @staticmethod
    def check(config: Values) -> None:
        """Refuse what the real provider refuses, or accepts and then shows as a difference in every plan."""
        for healthcheck in blocks(config, "healthcheck"):
            for name in ("interval", "timeout", "start_period"):
                duration = healthcheck[name]
                if isinstance(duration, str) and duration != canonical(duration):
                    raise Refused(
                        f"healthcheck.{name} {duration!r} would differ in every plan: {canonical(duration)!r}"
                    )
        if config["memory"] not in (None, Unknown) and config["memory_swap"] is None:
            raise Refused("memory without memory_swap would differ in every plan")
        for capabilities in blocks(config, "capabilities"):
            for word in [*_list(capabilities["add"]), *_list(capabilities["drop"])]:
                if word != "ALL" and not word.startswith("CAP_"):
                    raise Refused(f"capabilities {word!r} would differ in every plan: 'CAP_{word}'")
        for volume in blocks(config, "volumes"):
            path = volume["host_path"]
            if isinstance(path, str) and not path.startswith("/"):
                raise Refused(f"volumes.host_path {path!r} must be an absolute path")

    def create(self, planned: Values) -> Values:
        engine = self.engine
        host = engine.api.create_host_config(
            port_bindings={f"{p['internal']}/{p['protocol']}": (p["ip"], p["external"]) for p in planned["ports"]},
            binds=[bind(volume) for volume in planned["volumes"]],
            restart_policy={"Name": planned["restart"]},
            **_memory_limits(planned),
            nano_cpus=planned["cpus"] and int(float(planned["cpus"]) * 1e9),
            security_opt=_known(planned["security_opts"]),
            read_only=bool(planned["read_only"]),
            cap_add=[name for block in planned["capabilities"] for name in block["add"] or []],
            cap_drop=[name for block in planned["capabilities"] for name in block["drop"] or []],
            init=_known(planned["init"]),
            log_config=LogConfig(type=_known(planned["log_driver"]), config=planned["log_opts"] or {}),
        )
        networks = {
            network["name"]: EndpointConfig(engine.api.api_version, aliases=network["aliases"])
            for network in planned["networks_advanced"]
        }
        made = engine.api.create_container(
            image=planned["image"],
            name=planned["name"],
            hostname=_known(planned["hostname"]),
            entrypoint=_known(planned["entrypoint"]),
            command=_known(planned["command"]),
            environment=_known(planned["env"]),
            user=planned["user"],
            ports=[(int(port["internal"]), port["protocol"]) for port in planned["ports"]],
            healthcheck=_healthcheck(planned["healthcheck"]),
            host_config=host,
            networking_config={"EndpointsConfig": networks},
        )
        container = engine.containers.get(made["Id"])
        for upload in planned["upload"]:
            container.put_archive("/", _archive(upload["file"], upload["content"]))
        container.start()
        state = {"id": container.id}
        if planned["attach"]:
            state |= {"exit_code": container.wait()["StatusCode"]}
            if planned["logs"]:
                state |= {"container_logs": container.logs().decode(errors="replace")}
        elif planned["wait"]:
            _wait_until_healthy(container, float(planned["wait_timeout"]), state)
        return state

    def read(self, state: Values) -> Values | None:
        """A container that should run and does not is a change, which starts it, as in the real provider."""
        container = _found(self.engine.containers.get, state["id"])
        if container is None:
            return None
        found = limits_of(container.attrs["HostConfig"])
        if container.status == "running":
            return found
        stopped = {"exit_code": container.attrs["State"]["ExitCode"], "must_run": False}
        # Its ports read back empty, and a change of them replaces it. One without ports is started, and not waited for.
        return found | stopped | ({"ports": []} if state["ports"] and state["must_run"] else {})

    def update(self, prior: Values, planned: Values) -> Values:
        container = self.engine.containers.get(prior["id"])
        # A limit that is taken away is sent as 0, which Docker reads as "as it was": it stays, and so does the
        # difference in the plan.
        container.update(**_memory_limits(planned), restart_policy={"Name": planned["restart"]})
        if planned["must_run"] and not prior["must_run"]:
            container.start()
        return {}

    def delete(self, state: Values) -> None:
        container = _found(self.engine.containers.get, state["id"])
        if container is not None:
            if state["destroy_grace_seconds"]:
                container.stop(timeout=int(state["destroy_grace_seconds"]))
            container.remove(v=True, force=True)


def _list(value: Any) -> list[str]:
    """The words of a list or a set, as far as they are known."""
    return [word for word in value if isinstance(word, str)] if isinstance(value, list) else []


def limits_of(host: Values) -> Values:
    """The limits as the provider reads them: a core as a decimal number (nanoInt64ToDecimalString)."""
    found: Values = {"memory": host["Memory"] >> 20, "memory_swap": host["MemorySwap"] >> 20} if host["Memory"] else {}
    if host["NanoCpus"]:
        found["cpus"] = cores(host["NanoCpus"])
    return found


def cores(nano: int) -> str:
    """A number of cores as the provider writes it: "2.0", "1.5", and "10." for ten."""
    text = f"{nano // 10**9}.{nano % 10**9:09d}"
    return f"{nano / 1e9:.1f}" if text.count("0") == 9 else text.rstrip("0")


def _found(get: Any, name: str) -> Any:
    try:
        return get(name)
    except docker.errors.NotFound:
        return None


def _memory_limits(planned: Values) -> dict[str, str | None]:
    """The limits in megabytes; None is no limit."""
    names = {"mem_limit": "memory", "memswap_limit": "memory_swap"}
    return {limit: planned[name] and f"{int(planned[name])}m" for limit, name in names.items()}


def _known(value: Any) -> Any:
    return None if value is Unknown else value


def bind(volume: Values) -> str:
    """A mount as the provider writes it (volumeSetToDockerVolumes): Docker makes a folder where the host has none."""
    source, options = volume["host_path"] or volume["volume_name"], "ro" if volume["read_only"] else "rw"
    relabel = volume["selinux_relabel"]
    return f"{source}:{volume['container_path']}:{options}" + (f",{relabel}" if relabel else "")


def _healthcheck(blocks: list[Values]) -> Healthcheck | None:
    if not blocks:
        return None
    (block,) = blocks
    nanoseconds = {name: int(seconds_of(block[name]) * 1e9) for name in ("interval", "timeout", "start_period")}
    return Healthcheck(test=block["test"], retries=int(block["retries"]), **nanoseconds)


def seconds_of(duration: str) -> float:
    """The seconds of a duration as Go writes it, such as `1m0s`."""
    total, number = 0.0, ""
    for letter in duration:
        if letter in _UNITS:
            total, number = total + float(number) * _UNITS[letter], ""
        else:
            number += letter
    return total


def canonical(duration: str) -> str:
    """A duration as Go prints it: 60s becomes 1m0s."""
    seconds = int(seconds_of(duration))
    hours, minutes = seconds // 3600, seconds // 60 % 60
    return (f"{hours}h" if hours else "") + (f"{minutes}m" if hours or minutes else "") + f"{seconds % 60}s"


def _archive(path: str, content: str) -> bytes:
    data = content.encode()
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        member = tarfile.TarInfo(path.lstrip("/"))
        member.size, member.mode = len(data), 0o644
        archive.addfile(member, io.BytesIO(data))
    return buffer.getvalue()


def _wait_until_healthy(container: Any, seconds: float, state: Values) -> None:
    if "Health" not in container.attrs["State"]:
        container.reload()
    if "Health" not in container.attrs["State"]:
        raise Refused(f"container {container.name} has no healthcheck to wait for", state)
    deadline = time.monotonic() + seconds
    while container.attrs["State"]["Health"]["Status"] != "healthy":
        if time.monotonic() > deadline:
            checks = container.attrs["State"]["Health"].get("Log") or [{}]
            raise Refused(
                f"container {container.name} did not become healthy within {seconds:.0f} s; its last check said:"
                f" {checks[-1].get('Output', '')[-500:]}\nits log:\n{container.logs(tail=20).decode(errors='replace')}",
                state,
            )
        time.sleep(0.5)
        container.reload()


KINDS = {
    "docker_network": Network,
    "docker_volume": Volume,
    "docker_image": Image,
    "docker_container": Container,
}

if __name__ == "__main__":
    run(Double(read_schema("docker"), KINDS))
