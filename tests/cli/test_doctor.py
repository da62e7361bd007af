"""`make doctor` on machines that are made up, part by part, and once on this one."""

from __future__ import annotations

import ast
import datetime
import json
import os
import re
import shutil
import socket
import ssl
import subprocess
import sys
import time
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from urllib.parse import parse_qsl, urlsplit

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from cli.containers.images import read_pinned
from cli.doctor import __main__ as doctor
from cli.doctor import examine, for_all, for_demo, for_test, for_up, held_ports, machine, network, show
from cli.doctor.facts import Facts
from cli.doctor.findings import MISSING, OK, WARNING, Finding, missing, ok, warning
from cli.doctor.machine import Machine
from cli.doctor.network import Answer, ask, without_login
from cli.paths import REPOSITORY
from cli.ports import Holder
from cli.processes import monitoring, platform
from cli.processes.postgres_programs import SUPPORTED
from tests.support.make import environment
from tests.support.pages import blocks
from tests.support.programs import write_programs
from tests.support.web import serving

# What a clone has that the checks read.
READ = ("pyproject.toml", "uv.lock", "cli", "terraform")


@dataclass
class Fake(Machine):
    """A machine whose looks at the rest of the world are given."""

    answers: dict[str, Answer] = field(default_factory=dict)
    free: float = 100e9
    memory: float = 100e9
    holders: dict[int, Holder] = field(default_factory=dict)
    release: str = "3.11.7"
    root_user: bool = False

    def ask(self, url):
        for part, answer in self.answers.items():
            if part in url:
                return answer
        return Answer(url, 200, ahead=0.5)

    def free_bytes(self, path):
        return int(self.free)

    def memory_bytes(self):
        return int(self.memory)

    def holder(self, port, udp=False):
        return self.holders.get(port)

    def python(self):
        return self.release

    @property
    def is_root(self):
        return self.root_user


@pytest.fixture
def clone(tmp_path):
    """A clone in which nothing was made yet."""
    home = tmp_path / "clone"
    home.mkdir()
    for name in READ:
        leave_out = shutil.ignore_patterns("__pycache__", ".terraform*", "*.tfstate*", "*.json", "*.tfvars")
        if (REPOSITORY / name).is_dir():
            shutil.copytree(REPOSITORY / name, home / name, ignore=leave_out)
        else:
            shutil.copy2(REPOSITORY / name, home)
    return home


@pytest.fixture
def fake(clone, tmp_path):
    """Make a machine with some programs, and nothing else on its PATH."""

    def make(programs=None, environment=None, system="Linux", **more):
        scripts = {name: f"#!/bin/sh\n{text}\n" for name, text in (programs or {}).items()}
        shutil.rmtree(tmp_path / "bin", ignore_errors=True)
        folder = write_programs(tmp_path / "bin", scripts)
        variables = {"PATH": str(folder), "HOME": str(tmp_path / "home"), **(environment or {})}
        return Fake(variables, system, clone, root=tmp_path / "root", **more)

    return make


def found(check, on):
    """What a check finds, as a list."""
    findings = check(on)
    return [findings] if isinstance(findings, Finding) else list(findings)


def one(check, on):
    (finding,) = found(check, on)
    return finding


# Facts stand in one place.


def test_facts_are_those_of_the_files_that_use_them():
    facts = Facts(REPOSITORY)
    assert facts.demo_ports() == platform.DEFAULT_PORTS
    assert tuple(facts.demo_udp()) == monitoring.UDP
    assert tuple(facts.monitoring_programs()) == monitoring.PROGRAMS
    assert facts.demo_bytes() == platform.DISK_BASE + platform.DISK_PER_SCALE
    assert facts.demo_memory_bytes() == platform.MEMORY
    assert facts.images() == read_pinned(REPOSITORY / "terraform" / "images.yaml")
    assert facts.pythons() == ["3.10", "3.11", "3.12"]
    assert facts.stack_ports()["grafana"] == 3000
    assert re.fullmatch(r"\d+\.\d+\.\d+", facts.oldest_terraform())
    assert facts.package_hosts() == ["https://files.pythonhosted.org"]
    assert facts.packages_bytes(True) < facts.packages_bytes(False)


def test_a_fact_that_was_written_otherwise_is_named(clone):
    (clone / "pyproject.toml").write_text("")
    with pytest.raises(LookupError, match=r"pyproject\.toml does not say what `make doctor` looks for"):
        Facts(clone).pythons()


# Every command.


def test_a_python_that_airflow_supports(fake):
    assert one(for_all.python, fake()).state == OK
    other = fake({"python3.12": "echo Python 3.12.4"}, release="3.13.0")
    assert one(for_all.python, other) == ok(
        "Python", "Python 3.12.4 is here as python3.12 (Airflow needs 3.10 to 3.12)"
    )


@pytest.mark.parametrize(
    ("system", "programs", "mend"),
    [
        ("Linux", {"apt-get": ""}, "sudo apt-get install python3"),
        ("Linux", {}, "sudo dnf install python3.12"),
        ("Darwin", {}, "brew install python@3.12"),
    ],
)
def test_without_one_uv_gets_it(fake, system, programs, mend):
    finding = one(for_all.python, fake(programs, system=system, release="3.9.2"))
    assert (finding.state, finding.mend) == (WARNING, mend)


def test_the_package_index_is_needed_until_the_packages_are_here(fake, clone):
    gone = Answer("x", why="no answer within 4 seconds")
    on = fake(answers={"pypi.org": gone})
    lacking, files = found(for_all.package_index, on)
    assert (lacking.state, files.state) == (MISSING, OK)
    assert lacking.text == "https://pypi.org/simple/uv/ is not reached: no answer within 4 seconds"
    assert lacking.mend.startswith("export HTTPS_PROXY=")
    (clone / ".venv").mkdir()
    stamp = (clone / "pyproject.toml").read_bytes() + (clone / "uv.lock").read_bytes()
    (clone / ".venv" / ".made-from").write_bytes(stamp)
    assert found(for_all.package_index, on)[0].state == WARNING
    (clone / ".venv" / ".made-from").write_bytes(stamp + b"x")
    assert found(for_all.package_index, on)[0].state == MISSING


def test_the_index_is_the_one_that_the_environment_names_without_its_password(fake):
    on = fake(environment={"UV_DEFAULT_INDEX": "https://me:s3cret@packages.example.com/simple/"})
    texts = [finding.text for finding in found(for_all.package_index, on)]
    assert "https://***@packages.example.com/simple/uv/ is reached" in texts
    assert "s3cret" not in str(texts)


PROXY = "http://me:s3cret@proxy:3128"


@pytest.mark.parametrize(
    ("environment", "state", "says"),
    [
        ({}, OK, "none is set"),
        ({"https_proxy": PROXY}, OK, "https_proxy=http://***@proxy:3128"),
        ({"HTTP_PROXY": PROXY, "no_proxy": "localhost,127.0.0.1"}, OK, "http_proxy=http://***@proxy:3128"),
        ({"HTTP_PROXY": PROXY}, MISSING, "no_proxy lacks 127.0.0.1"),
        ({"ALL_PROXY": PROXY, "NO_PROXY": ".example.com"}, MISSING, "no_proxy lacks 127.0.0.1"),
        ({"http_proxy": PROXY, "HTTP_PROXY": "http://other:1", "no_proxy": "*"}, WARNING, "name different proxies"),
        ({"https_proxy": "http://"}, MISSING, "https_proxy is no address"),
        ({"https_proxy": "http://me:s3cret"}, MISSING, "https_proxy is no address"),
    ],
)
def test_proxies_are_shown_without_passwords(fake, environment, state, says):
    finding = one(for_all.proxies, fake(environment=environment))
    assert finding.state == state
    assert says in finding.text
    assert "s3cret" not in finding.text + finding.mend


def test_what_no_proxy_has_stays(fake):
    finding = one(for_all.proxies, fake(environment={"http_proxy": PROXY, "no_proxy": ".example.com, localhost"}))
    assert finding.mend == "export no_proxy=.example.com,localhost,127.0.0.1 NO_PROXY=.example.com,localhost,127.0.0.1"


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("http://me:s3cret@proxy:3128", "http://***@proxy:3128"),
        ("me:s3@cret@proxy", "***@proxy"),
        ("http://proxy:3128", "http://proxy:3128"),
        ("https://me:s3/cr@et@example.com/simple", "https://***@example.com/simple"),
    ],
)
def test_a_login_in_a_url_is_not_shown(url, shown):
    assert without_login(url) == shown


def test_certificates(fake, monkeypatch):
    assert one(for_all.certificates, fake()).state == OK
    lost = one(for_all.certificates, fake(environment={"REQUESTS_CA_BUNDLE": "/nowhere.pem"}))
    assert (lost.state, lost.mend) == (MISSING, "unset REQUESTS_CA_BUNDLE")
    refused = one(for_all.certificates, fake(answers={"pypi": Answer("https://pypi.org", why="x", untrusted=True)}))
    assert refused.state == MISSING
    assert refused.mend.startswith("export SSL_CERT_FILE=")
    monkeypatch.setattr(Fake, "has_certificates", lambda _: False)
    none = one(for_all.certificates, fake(system="Darwin"))
    assert (none.state, "Install Certificates.command" in none.mend) == (MISSING, True)


@pytest.mark.parametrize(
    ("ahead", "state", "says"),
    [
        (59.0, OK, "right within a minute"),
        (61.0, WARNING, "61 s ahead"),
        (-3600.0, WARNING, "3600 s behind"),
        (None, WARNING, "no server was reached"),
    ],
)
def test_the_clock(fake, ahead, state, says):
    finding = one(for_all.clock, fake(answers={"pypi": Answer("x", 200, ahead=ahead)}))
    assert finding.state == state
    assert says in finding.text
    assert finding.mend == ("sudo timedatectl set-ntp true" if ahead is not None and state == WARNING else "")


# The network, really.


@pytest.fixture(scope="module")
def server():
    """A server that answers as the query asks for: by how many seconds its clock is wrong, and so on."""

    class Handler(BaseHTTPRequestHandler):
        def do_HEAD(self):
            self.asked = dict(parse_qsl(urlsplit(self.path).query))
            if self.asked.get("login", "") != self.headers.get("Authorization", ""):
                self.asked["status"] = "403"
            self.send_response(int(self.asked.get("status", 200)))
            if "age" in self.asked:
                self.send_header("Age", self.asked["age"])
            self.end_headers()

        def date_time_string(self, timestamp=None):
            return super().date_time_string(time.time() + int(self.asked.get("wrong", 0)))

        def log_message(self, *_):
            pass

    with serving(Handler) as url:
        yield url


@pytest.mark.parametrize(("wrong", "age", "ahead"), [(0, 0, 0), (-600, 0, 600), (90, 0, -90), (-600, 600, 0)])
def test_a_servers_clock_is_compared_with_this_one(server, wrong, age, ahead):
    answer = ask(f"{server}/?wrong={wrong}&age={age}")
    assert answer.is_reached
    assert answer.ahead == pytest.approx(ahead, abs=2)


@pytest.mark.parametrize(("status", "reached"), [(401, True), (404, False), (407, False), (503, False)])
def test_a_server_that_wants_a_login_is_reached(server, status, reached):
    answer = ask(f"{server}/?status={status}")
    assert answer.is_reached == reached
    assert answer.words == f"it answers HTTP {status}"


def test_a_login_in_a_url_is_a_login(server):
    address = server.replace("http://", "http://me:s3cr%40t@")
    assert ask(f"{address}/?login=Basic+bWU6czNjckB0").is_reached
    assert not ask(f"{server}/?login=Basic+bWU6czNjckB0").is_reached


def test_no_error_shows_the_password_of_a_proxy(monkeypatch):
    monkeypatch.setenv("http_proxy", "http://me:s3cret")
    monkeypatch.setenv("no_proxy", "")
    monkeypatch.setattr(network.urllib.request, "_opener", None)  # it is made once, with the proxies of that time
    answer = ask("http://example.invalid/")
    assert answer.words == "its address, or that of a proxy, is wrong"


def test_a_server_that_says_nothing_is_not_waited_for(monkeypatch):
    monkeypatch.setattr(network, "SECONDS", 0.3)
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        began = time.monotonic()
        answer = ask(f"http://127.0.0.1:{silent.getsockname()[1]}/")
    assert not answer.is_reached
    assert answer.words == "no answer within 0.3 seconds"
    assert time.monotonic() - began < 2


def test_a_name_server_that_says_nothing_is_not_waited_for(monkeypatch):
    def hang(*_, **__):
        time.sleep(2)
        raise socket.gaierror

    monkeypatch.setattr(network, "SECONDS", 0.2)
    monkeypatch.setattr(socket, "getaddrinfo", hang)
    began = time.monotonic()
    assert ask("http://example.invalid/").words == "no answer within 0.4 seconds"
    assert time.monotonic() - began < 1.5


def test_a_server_that_is_not_there():
    assert ask("http://127.0.0.1:9/").words == "Connection refused"
    assert not ask("no-url").is_reached


def test_a_certificate_that_nobody_knows(tmp_path):
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.datetime.now(datetime.timezone.utc)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now)
        .not_valid_after(now + datetime.timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    file = tmp_path / "server.pem"
    no_password = serialization.NoEncryption()
    file.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, no_password)
        + certificate.public_bytes(serialization.Encoding.PEM)
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    with ThreadingHTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler) as web:
        web.socket = context.wrap_socket(web.socket, server_side=True)
        Thread(target=web.serve_forever, daemon=True).start()
        answer = ask(f"https://127.0.0.1:{web.server_port}/")
        web.shutdown()
    assert answer.untrusted
    assert answer.words.startswith("its certificate is not trusted here (self")


# make up.


ENGINE = {"ServerVersion": "28.2.2", "OperatingSystem": "Debian", "MemTotal": 8e9, "NCPU": 4, "DockerRootDir": "/"}


def docker_says(info, code=0, errors="", context="unix:///var/run/docker.sock"):
    return f"""case "$1 $2" in
"info --format") echo "$DOCKER_HOST" >"$HOME-host"; echo '{json.dumps(info)}'; echo "{errors}" >&2; exit {code} ;;
"context inspect") echo "{context}" ;;
"image inspect") case "$HELD" in *"$5"*) exit 0 ;; *) exit 1 ;; esac ;;
esac"""


def test_docker_answers(fake):
    engine, room = found(for_up.docker, fake({"docker": docker_says(ENGINE)}))
    assert (engine.state, engine.text) == (OK, "engine 28.2.2 answers, of the context default (Debian)")
    assert (room.state, room.text) == (OK, "the engine has 8.0 GB and 4 cores")


def test_an_engine_with_little_room(fake):
    _, room = found(for_up.docker, fake({"docker": docker_says({**ENGINE, "MemTotal": 2e9, "Name": "colima"})}))
    assert (room.state, room.mend) == (WARNING, "colima stop && colima start --memory 8 --cpu 4")


@pytest.mark.parametrize(("system", "mend"), [("Linux", "curl -fsSL https://get"), ("Darwin", "brew install")])
def test_no_docker(fake, system, mend):
    finding = one(for_up.docker, fake(system=system))
    assert finding.state == MISSING
    assert finding.mend.startswith(mend)


@pytest.mark.parametrize(
    ("script", "system", "environment", "mend"),
    [
        (
            docker_says({}, 1, "permission denied while trying"),
            "Linux",
            {},
            'sudo usermod -aG docker "$USER" && newgrp',
        ),
        (docker_says({}, 1, "Cannot connect"), "Linux", {}, "sudo systemctl start docker"),
        (
            docker_says({}, 1, "Cannot connect"),
            "Linux",
            {"DOCKER_HOST": "unix:///run/user/1000/docker.sock"},
            "systemctl --user start docker",
        ),
        (docker_says({}, 1, "Cannot connect"), "Darwin", {}, "open -a Docker"),
        (docker_says({"ClientInfo": {"Context": "colima"}}, 1, "x"), "Darwin", {}, "colima start"),
        (docker_says({"ClientInfo": {"Context": "colima-big"}}, 1, "x"), "Darwin", {}, "colima start big"),
        (docker_says({}, 1, "ssh: no route"), "Linux", {"DOCKER_HOST": "ssh://big"}, "docker info"),
    ],
)
def test_an_engine_that_does_not_answer(fake, script, system, environment, mend):
    finding = one(for_up.docker, fake({"docker": script}, environment, system))
    assert finding.state == MISSING
    assert finding.mend.startswith(mend)


def test_an_engine_that_hangs_is_not_waited_for(fake, monkeypatch):
    monkeypatch.setattr(machine, "SECONDS", 0.3)
    began = time.monotonic()
    finding = one(for_up.docker, fake({"docker": "exec /bin/sleep 30"}))
    assert finding.state == MISSING
    assert time.monotonic() - began < 3


def test_the_engine_of_the_variable_is_asked(fake, tmp_path, clone):
    one_of = found(for_up.docker, fake({"docker": docker_says(ENGINE)}, {"TF_VAR_docker_host": "ssh://big"}))
    assert "of ssh://big" in one_of[0].text
    assert (tmp_path / "home-host").read_text() == "ssh://big\n"
    (clone / "terraform" / "given.json").write_text('{"TF_VAR_docker_host": "ssh://given"}')
    found(for_up.docker, fake({"docker": docker_says(ENGINE)}))
    assert (tmp_path / "home-host").read_text() == "ssh://given\n"


@pytest.mark.parametrize(
    ("script", "state", "says"),
    [
        ("""echo '{"terraform_version": "1.10.0"}'""", OK, "Terraform 1.10.0 (1.9.0 or later is needed)"),
        ("""echo '{"terraform_version": "1.8.5"}'""", MISSING, "Terraform 1.8.5 is here, and 1.9.0 or later is needed"),
        ("echo broken >&2; exit 1", MISSING, "`terraform version` fails: broken"),
        (None, MISSING, "terraform 1.9.0 or later is not on the PATH"),
    ],
)
def test_terraform(fake, script, state, says):
    finding = one(for_up.terraform, fake({"terraform": script} if script else {}))
    assert (finding.state, finding.text) == (state, says)
    assert bool(finding.mend) == (state == MISSING)


def test_providers(fake, clone, tmp_path):
    gone = {"registry.terraform.io": Answer("x", why="no name server answers")}
    assert one(for_up.providers, fake()).state == OK
    finding = one(for_up.providers, fake(answers=gone))
    assert finding.state == MISSING
    assert "docs/provider-mirror.md" in finding.text
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / ".terraformrc").write_text("provider_installation {\n}\n")
    assert one(for_up.providers, fake(answers=gone)).state == OK
    (tmp_path / "home" / ".terraformrc").unlink()
    (clone / "terraform" / ".terraform" / "providers" / "a" / "b" / "c" / "1.0").mkdir(parents=True)
    assert one(for_up.providers, fake(answers=gone)).state == OK


def test_images(fake, clone):
    gone = {"quay.io": Answer("x", 403)}
    docker = {"docker": docker_says(ENGINE)}
    by_host = {finding.text.split()[0]: finding for finding in found(for_up.images, fake(docker, answers=gone))}
    assert by_host["registry-1.docker.io"].state == OK
    assert by_host["quay.io"].state == MISSING
    assert "it answers HTTP 403" in by_host["quay.io"].text
    mirrored = {"docker": docker_says({**ENGINE, "RegistryConfig": {"Mirrors": ["https://mirror"]}})}
    states = {finding.state for finding in found(for_up.images, fake(mirrored, answers=gone))}
    assert states == {OK, WARNING}
    # Those that the engine has are not asked for.
    everything = " ".join(map(str, Facts(clone).images().values()))
    assert one(for_up.images, fake(docker, {"HELD": everything}, answers=gone)).text == "the engine has all 10"
    # Another registry takes the place of the pinned one.
    names = "\n".join(f'  {name} = "registry.example.com/{name}:1"' for name in Facts(clone).images())
    (clone / "terraform" / "images.auto.tfvars").write_text(f"images = {{\n{names}\n}}\n")
    assert [finding.text for finding in found(for_up.images, fake(docker, answers=gone))] == [
        "registry.example.com is reached (10 to get)"
    ]


def test_authorities_of_this_machine_alone(fake, tmp_path):
    assert one(for_up.certificates, fake()).state == OK
    folder = tmp_path / "root" / "usr" / "local" / "share" / "ca-certificates"
    folder.mkdir(parents=True)
    (folder / "proxy.crt").write_text("x")
    finding = one(for_up.certificates, fake())
    assert finding.state == WARNING
    assert finding.mend == f'TF_VAR_extra_ca_certificates="$(cat {folder}/*)" make up'
    assert one(for_up.certificates, fake(environment={"TF_VAR_extra_ca_certificates": "x"})).state == OK


def test_room_for_the_commands(fake):
    assert one(for_up.packages, fake()).state == OK
    finding = one(for_up.packages, fake(free=0.1e9))
    assert (finding.state, finding.text) == (
        MISSING,
        "0.1 GB of disk are free here, and Python's packages need 0.3 GB",
    )


def test_dockers_disk(fake):
    docker = {"docker": docker_says(ENGINE)}
    assert one(for_up.disk, fake(docker)).state == OK
    assert one(for_up.disk, fake(docker, free=3e9)).mend == "docker system prune"
    assert "can't be seen" in one(for_up.disk, fake(docker, {"DOCKER_HOST": "tcp://big:2376"}, free=3e9)).text


# Ports.


def test_ports_of_the_stack(fake, clone):
    assert one(for_up.ports, fake()).text == "all 7 that it takes are free"
    held = {9000: Holder("java", 4711, "/srv", "maria")}
    finding = one(for_up.ports, fake(holders={**held, 9002: Holder()}))
    assert (finding.state, finding.text) == (OK, "9000 (s3) is held by java (process 4711), so `make up` takes 9003")
    asked = fake(environment={"TF_VAR_ports": '{"s3": 9000, "grafana": 4000}'}, holders=held)
    finding = one(for_up.ports, asked)
    assert finding.state == MISSING
    assert finding.mend == """make up TF_VAR_ports='{"s3": 9002, "grafana": 4000}'"""
    proxy = {8080: Holder("docker-proxy", 5), 9000: Holder(user="root")}
    assert "this clone's own" not in str(found(for_up.ports, fake(holders=proxy)))
    (clone / "terraform" / "endpoints.json").write_text("{}")
    assert one(for_up.ports, fake(holders=proxy)) == ok("Ports", "this clone's own stack has them")
    assert "java (process 4711)" in one(for_up.ports, fake(holders={**proxy, **held})).text
    assert "big" in one(for_up.ports, fake(environment={"DOCKER_HOST": "ssh://me@big"}, holders=held)).text


def test_ports_of_the_demo(fake, clone):
    assert one(held_ports.of_demo, fake()).state == OK
    held = {8080: Holder("java", 4711, "/srv")}
    finding = one(held_ports.of_demo, fake(holders=held))
    assert (finding.state, finding.text) == (
        OK,
        "8080 (airflow) is held by java (process 4711), so `make demo` takes 8081",
    )
    finding = one(held_ports.of_demo, fake(environment={"AIRFLOW_PORT": "8080"}, holders=held))
    assert (finding.state, finding.mend) == (MISSING, "make demo AIRFLOW_PORT=8081")
    # A demo that is there keeps its ports.
    (clone / ".demo").mkdir()
    (clone / ".demo" / "settings.json").write_text('{"ports": {"airflow": 8090}}')
    assert one(held_ports.of_demo, fake(holders=held)).state == OK
    finding = one(held_ports.of_demo, fake(holders={8090: Holder("java", 4711, "/srv")}))
    assert (finding.state, finding.mend) == (MISSING, "make demo AIRFLOW_PORT=8091")
    own = {8090: Holder("gunicorn", 12, str(clone / ".demo"))}
    finding = one(held_ports.of_demo, fake(holders=own))
    assert (finding.state, "this clone's own demo has 1 of them" in finding.text) == (OK, True)


def test_a_port_that_is_really_held(clone):
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        port = holder.getsockname()[1]
        on = Machine({"PATH": "", "AIRFLOW_PORT": str(port)}, "Linux", clone)
        (finding,) = (each for each in found(held_ports.of_demo, on) if f"{port} (airflow)" in each.text)
        assert f"(process {os.getpid()})" in finding.text
        assert finding.state == MISSING


# make demo.


def postgres(release):
    return dict.fromkeys(("postgres", "initdb", "psql"), f"echo 'postgres (PostgreSQL) {release} (Debian)'")


def test_postgresql(fake):
    for release in SUPPORTED:
        finding = one(for_demo.postgresql, fake(postgres(f"{release}.3")))
        assert (finding.state, f"release {release} in " in finding.text) == (OK, True)
    for release in (SUPPORTED[0] - 1, SUPPORTED[-1] + 1):
        finding = one(for_demo.postgresql, fake(postgres(f"{release}.3")))
        assert finding.state == MISSING
        assert f"PostgreSQL 14 to 18 is not here (postgres (PostgreSQL) {release}.3 (Debian) is)" in finding.text
    assert finding.mend == "sudo dnf install postgresql-server"


def test_where_debian_puts_postgresql(fake, tmp_path):
    folder = tmp_path / "root" / "usr" / "lib" / "postgresql" / "16" / "bin"
    folder.parent.mkdir(parents=True)
    write_programs(folder, {name: f"#!/bin/sh\n{text}\n" for name, text in postgres("16.1").items()})
    assert f"release 16 in {folder}" in one(for_demo.postgresql, fake()).text


def test_without_postgresql(fake):
    finding = one(for_demo.postgresql, fake({"apt-get": ""}))
    assert (finding.state, finding.mend) == (MISSING, "sudo apt-get install postgresql")
    finding = one(for_demo.postgresql, fake({"apt-get": ""}, root_user=True))
    assert (finding.state, finding.mend) == (WARNING, "apt-get install postgresql")
    finding = one(for_demo.postgresql, fake(root_user=True))
    assert finding.state == MISSING


def test_root_needs_the_user_of_the_server(fake, monkeypatch):
    monkeypatch.setattr(for_demo, "_has_user", lambda _: False)
    finding = one(for_demo.postgresql, fake(postgres("15.1"), root_user=True))
    assert (finding.state, finding.mend) == (MISSING, "useradd --system postgres")


def test_the_demo_needs_linux(fake):
    assert one(for_demo.system, fake()).state == OK
    assert one(for_demo.system, fake(system="Darwin")).state == MISSING


@pytest.mark.parametrize(("free", "state"), [(3.9e9, MISSING), (4.1e9, OK)])
def test_disk_for_the_demo_and_its_packages(fake, free, state):
    assert one(for_demo.disk, fake(free=free)).state == state


def test_memory(fake):
    needed = platform.MEMORY
    assert one(for_demo.memory, fake(memory=needed)).state == OK
    assert one(for_demo.memory, fake(memory=needed - 1e8)).state == WARNING
    assert one(for_demo.memory, fake(memory=0)).state == OK  # unknown


def test_shared_memory(fake):
    """Without it dbt ends with a traceback in the middle of the demo's start."""
    on = fake()
    found, folder = one(for_demo.shared_memory, on), on.root / "dev" / "shm"
    assert found.state == MISSING and str(folder) in found.text and found.mend.endswith(f" {folder}")
    folder.mkdir(parents=True)
    assert one(for_demo.shared_memory, on).state == OK


def test_memory_is_the_least_of_what_kernel_and_control_group_leave(tmp_path):
    (tmp_path / "meminfo").write_text("MemTotal: 9000 kB\nMemAvailable:    4000 kB\n")
    group = tmp_path / "sys" / "fs" / "cgroup"
    group.mkdir(parents=True)
    on = Machine({}, "Linux", REPOSITORY, proc=tmp_path, root=tmp_path)
    assert on.memory_bytes() == 4000 * 1024
    (group / "memory.max").write_text("max\n")
    (group / "memory.current").write_text("1000000\n")
    assert on.memory_bytes() == 4000 * 1024
    (group / "memory.max").write_text("3000000\n")
    assert on.memory_bytes() == 2000000


def test_memory_of_a_mac(fake):
    on = fake({"sysctl": "[ \"$*\" = '-n hw.memsize' ] && echo 17179869184"}, system="Darwin")
    assert Machine.memory_bytes(on) == 16 * 2**30


def test_monitoring_is_for_two_pages_alone(fake, tmp_path):
    both = dict.fromkeys(monitoring.PROGRAMS, "")
    assert one(for_demo.monitoring, fake(both)).state == OK
    finding = one(for_demo.monitoring, fake({"prometheus": ""}))
    assert (finding.state, finding.mend) == (WARNING, "go install github.com/prometheus/statsd_exporter@latest")
    go = tmp_path / "home" / "go" / "bin"
    go.mkdir(parents=True)
    (go / "statsd_exporter").touch()
    assert one(for_demo.monitoring, fake({"prometheus": ""})).state == OK


# make test.


def test_what_only_some_tests_need(fake):
    on = fake()
    findings = [*found(for_test.terraform, on), *found(for_test.engine, on), *found(for_test.programs, on)]
    assert [finding.what for finding in findings] == ["Terraform", "Docker", "go", "openssl"]
    assert {finding.state for finding in findings} == {WARNING}
    assert all("skip" in finding.text and finding.mend for finding in findings)
    in_ci = fake(environment={"CI": "1"})
    assert {one(check, in_ci).state for check in (for_test.terraform, for_test.engine)} == {MISSING}
    assert one(for_test.engine, fake({"apt-get": ""}, root_user=True)).state == OK
    assert {finding.state for finding in found(for_test.programs, fake({"go": "", "openssl": ""}))} == {OK}


# All of it.


def test_a_check_that_hangs_or_breaks_is_a_warning_and_stops_no_other(fake, monkeypatch):
    monkeypatch.setattr(examine, "SECONDS", 0.5)

    def hangs(_):
        time.sleep(30)

    def breaks(_):
        raise OSError("no such thing")

    began = time.monotonic()
    checks = {examine.EVERY: (hangs, breaks, lambda _: ok("Fine", "is here")), "up": ()}
    (group, _) = examine.examine(fake(), ["up"], checks)
    assert time.monotonic() - began < 5
    assert [(finding.state, finding.text) for finding in group.findings] == [
        (WARNING, "could not be found out within 0 s"),
        (WARNING, "could not be found out: OSError: no such thing"),
        (OK, "is here"),
    ]


CHECKS = {
    examine.EVERY: (lambda _: ok("Python", "is here"),),
    "up": (lambda _: missing("Docker", "docker is not on the PATH", "brew install docker"),),
    "demo": (lambda _: warning("Memory", "is short", "ps"),),
    "test": (lambda _: [ok("go", "is here"), ok("openssl", "is here")],),
}


@pytest.fixture
def run(fake, monkeypatch, capsys):
    """Run the command on a machine that lacks Docker; returns its exit code and what it prints."""
    monkeypatch.setattr(doctor, "Machine", fake)
    monkeypatch.setattr(doctor, "examine", lambda on, commands: examine.examine(on, commands, CHECKS))

    def run(**environment):
        for name in ("FOR", "JSON"):
            monkeypatch.setenv(name, environment.get(name, ""))
        code = doctor.main()
        said = capsys.readouterr()
        return code, said.out, said.err

    return run


@pytest.mark.parametrize(("command", "code"), [("", 1), ("up", 1), ("demo", 0), ("test", 0)])
def test_exit_codes(run, command, code):
    assert run(FOR=command)[0] == code


def test_a_command_that_is_none(run):
    code, _, errors = run(FOR="dow")
    assert (code, errors) == (2, "FOR=dow is no command that is looked at: give up, demo, test, or nothing.\n")


def test_lines_for_a_person(run):
    _, said, _ = run()
    assert said.splitlines()[1:] == [
        "",
        "Every command needs",
        "  ok       Python: is here",
        "",
        "make up needs",
        "  missing  Docker: docker is not on the PATH",
        "           -> brew install docker",
        "",
        "make demo needs",
        "  warning  Memory: is short",
        "           -> ps",
        "",
        "make test needs besides what make demo needs",
        "  ok       go: is here",
        "  ok       openssl: is here",
        "",
        "make up: 1 missing, see above",
        "make demo: this machine has what it needs",
        "make test: this machine has what it needs",
    ]
    assert "\x1b" not in said
    assert run(FOR="demo")[1].splitlines()[-1] == "make demo: this machine has what it needs"
    assert "make test needs" not in run(FOR="demo")[1]


def test_long_lines_are_broken(fake):
    group = examine.Group("up", [missing("Docker", "word " * 60, "a command " * 20)])
    lines = list(show.lines(fake(), [group]))
    assert max(len(line) for line in lines if "->" not in line) <= 118
    assert [line for line in lines if "a command a command" in line]  # a command is copied as a whole


def test_json_for_a_program(run):
    code, said, _ = run(JSON="1")
    content = json.loads(said)
    assert code == 1
    assert content["ready"] == {"up": False, "demo": True, "test": True}
    assert content["findings"][1] == {
        "needed_by": "up",
        "what": "Docker",
        "state": "missing",
        "text": "docker is not on the PATH",
        "mend": "brew install docker",
    }
    assert run(FOR="demo", JSON="1")[0] == 0


def test_every_check_says_something_of_a_bare_machine(fake):
    groups = examine.examine(fake(), examine.COMMANDS)
    findings = [finding for group in groups for finding in group.findings]
    assert [finding for finding in findings if "could not be found out" in finding.text] == []
    assert {finding.state for finding in findings} == {OK, WARNING, MISSING}
    assert [finding for finding in findings if finding.state == MISSING and not finding.mend] == []
    assert examine.ready(groups) == {"up": False, "demo": False, "test": False}


MODULES = "import sys; import cli.doctor.__main__, cli.get_uv, cli.start; print(*sys.modules, sep='\\n')"


def test_it_runs_with_pythons_own_library_alone():
    """-S leaves out every package that is installed."""
    done = subprocess.run([sys.executable, "-S", "-c", MODULES], cwd=REPOSITORY, env={}, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    loaded = done.stdout.split()
    ours = {name for name in loaded if name.split(".")[0] in ("cli", "source", "bikes_store")}
    assert {name.split(".")[0] for name in loaded} - {"cli"} <= sys.stdlib_module_names | {"__main__"}
    assert len(ours) > 15
    for name in ours:
        path = REPOSITORY / name.replace(".", "/")
        file = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
        ast.parse(file.read_text(), feature_version=(3, 8))


def test_it_runs_on_python_3_8():
    python = shutil.which("python3.8")
    if python is None or subprocess.run([python, "--version"], capture_output=True).returncode != 0:
        pytest.skip("there is no Python 3.8 here")
    done = subprocess.run([python, "-S", "-c", MODULES], cwd=REPOSITORY, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_it_installs_nothing():
    (rule,) = re.findall(r"^doctor:(.*)##", (REPOSITORY / "Makefile").read_text(), re.MULTILINE)
    assert rule.strip() == ""


def test_on_this_machine():
    """Really, and within the time that it promises."""
    began = time.monotonic()
    command = ["make", "doctor", "FOR=demo", "JSON=1"]
    done = subprocess.run(command, cwd=REPOSITORY, env=environment(), capture_output=True, text=True)
    assert time.monotonic() - began < examine.SECONDS + 5
    content = json.loads(done.stdout)
    assert list(content["ready"]) == ["demo"]
    assert done.returncode == (0 if content["ready"]["demo"] else 2)  # make's own code for a failure
    texts = {finding["what"]: finding for finding in content["findings"]}
    assert {"Python", "Package index", "Clock", "PostgreSQL", "Ports", "Disk", "Memory"} <= texts.keys()
    assert texts["PostgreSQL"]["state"] == OK  # the other tests run it
    assert not [finding for finding in content["findings"] if "could not be found out" in finding["text"]]
    # The README shows the same lines.
    (sample,) = (each.text for each in blocks("text") if each.page == "README.md" and "make demo needs" in each.text)
    shown = re.findall(r"^  (?:ok|warning|missing) +([^:]+): ", sample, re.MULTILINE)
    assert list(dict.fromkeys(shown)) == list(texts)
