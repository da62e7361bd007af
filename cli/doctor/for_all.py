"""What every command needs: Python, the network, the clock."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

from cli.doctor.findings import Finding, missing, ok, warning
from cli.doctor.machine import Machine
from cli.doctor.network import Answer, without_login

_MOST_SECONDS = 60
_LOCAL = ("127.0.0.1", "localhost")
#: Where an own authority's certificates are put, by Debian and by Red Hat.
_OWN_AUTHORITIES = ("usr/local/share/ca-certificates", "etc/pki/ca-trust/source/anchors")


def python(machine: Machine) -> Finding:
    """Whether this machine has a Python that Airflow supports; if not, uv gets one."""
    supported = machine.facts.pythons()
    span = f"{supported[0]} to {supported[-1]}"
    if machine.python().rpartition(".")[0] in supported:
        return ok("Python", f"Python {machine.python()} (Airflow needs {span})")
    for release in reversed(supported):
        said = machine.run(f"python{release}", "--version")
        if said.code == 0:
            return ok("Python", f"{said.output} is here as python{release} (Airflow needs {span})")
    text = f"no Python {span} is on the PATH: uv gets one from github.com, if this machine reaches it"
    if machine.system == "Darwin":
        mend = f"brew install python@{supported[-1]}"
    elif machine.is_debian():
        mend = "sudo apt-get install python3"
    else:
        mend = f"sudo dnf install python{supported[-1]}"
    return warning("Python", text, mend)


def package_index(machine: Machine) -> Iterator[Finding]:
    """Whether the servers are reached that Python's packages come from."""
    indexes, hosts = machine.facts.indexes(machine.environment), machine.facts.package_hosts()
    has_all = has_packages(machine, commands_alone=False)
    for url, answer in _asked(machine, [f"{url}/uv/" for url in indexes] + [f"{url}/" for url in hosts]):
        shown = without_login(url)
        # The host of the files has no page of its own.
        is_there = url[:-1] in hosts and 0 < answer.status < 500 and answer.status != 407
        if answer.is_reached or is_there:
            yield ok("Package index", f"{shown} is reached")
            continue
        text, mend = f"{shown} is not reached: {answer.words}", how_to_reach(answer)
        if has_all:
            yield warning("Package index", f"{text}. The packages are here, so nothing is fetched now", mend)
        else:
            yield missing("Package index", text, mend)


def has_packages(machine: Machine, commands_alone: bool) -> bool:
    """Whether cli/bootstrap.sh has nothing to get: its stamp equals what it makes the packages from."""
    repository = machine.repository
    alone = commands_alone and not (repository / ".venv").exists()
    stamp = repository / (".tools/commands" if alone else ".venv") / ".made-from"
    try:
        wanted = b"".join((repository / name).read_bytes() for name in ("pyproject.toml", "uv.lock"))
        return stamp.read_bytes() == wanted
    except OSError:
        return False


def how_to_reach(answer: Answer) -> str:
    """The command that mends a server that is not reached."""
    if answer.untrusted:
        return "export SSL_CERT_FILE=FILE, with the certificates of the authority that signs on this network"
    return "export HTTPS_PROXY=http://HOST:PORT, if this network has a proxy"


def proxies(machine: Machine) -> Finding:
    """What programs are told of a proxy. Passwords in it are not shown."""
    told = {name: _variable(machine, name) for name in ("http_proxy", "https_proxy", "all_proxy")}
    set_ = {name: value for name, value in told.items() if value}
    if not set_:
        return ok("Proxy", "none is set")
    if wrong := [name for name, value in set_.items() if not _is_address(value)]:
        return missing("Proxy", f"{wrong[0]} is no address", f"export {wrong[0]}=http://HOST:PORT")
    shown = ", ".join(f"{name}={without_login(value)}" for name, value in sorted(set_.items()))
    for name in set_:
        both = machine.environment.get(name), machine.environment.get(name.upper())
        if all(both) and both[0] != both[1]:
            text = f"{name} and {name.upper()} name different proxies, and programs differ in which they take"
            return warning("Proxy", text, f'export {name.upper()}="${name}"')
    exceptions = [word.strip() for word in _variable(machine, "no_proxy").split(",")]
    # The platform's own services are asked by http.
    if (set_.keys() & {"http_proxy", "all_proxy"}) and not ({"*", "127.0.0.1"} & set(exceptions)):
        names = ",".join([*filter(None, exceptions), *(name for name in _LOCAL if name not in exceptions)])
        text = f"{shown}, and no_proxy lacks 127.0.0.1: programs ask the proxy for this machine's own services"
        return missing("Proxy", text, f"export no_proxy={names} NO_PROXY={names}")
    return ok("Proxy", shown)


def certificates(machine: Machine) -> Finding:
    """Whether Python has certificates to trust, and knows those that this machine was given."""
    for name in ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "PIP_CERT"):
        path = machine.environment.get(name)
        if path and not Path(path).exists():
            return missing("Certificates", f"{name} names {path}, which is not there", f"unset {name}")
    refused = [answer for answer in _answers(machine) if answer.untrusted]
    if refused:
        text = f"{without_login(refused[0].url)}: {refused[0].words}. A proxy may sign anew what passes it"
        return missing("Certificates", text, how_to_reach(refused[0]))
    if not machine.has_certificates():
        mend = "sudo apt-get install ca-certificates"
        if machine.system == "Darwin":
            mend = "open '/Applications/Python 3.12/Install Certificates.command'"
        return missing("Certificates", "Python finds no certificates to trust", mend)
    return ok("Certificates", "those of the servers that answered are trusted")


def own_authorities(machine: Machine) -> list[Path]:
    """The folders that hold certificates which somebody added to this machine's, such as those of a proxy."""
    folders = [machine.root / name for name in _OWN_AUTHORITIES]
    return [folder for folder in folders if any(folder.glob("*.crt")) or any(folder.glob("*.pem"))]


def clock(machine: Machine) -> Finding:
    """Whether this clock is right, by those of the servers that are reached."""
    differences = sorted((answer.ahead for answer in _answers(machine) if answer.ahead is not None), key=abs)
    if not differences:
        return warning("Clock", "no server was reached that tells the time")
    least = differences[0]  # a server's clock may be wrong too
    if abs(least) <= _MOST_SECONDS:
        return ok("Clock", "right within a minute, by the servers that answered")
    way = "ahead" if least > 0 else "behind"
    text = f"{abs(least):.0f} s {way} of the servers that answered: certificates and logins to a lake are refused then"
    mend = "sudo sntp -sS time.apple.com" if machine.system == "Darwin" else "sudo timedatectl set-ntp true"
    return warning("Clock", text, mend)


def _asked(machine: Machine, urls: list[str]) -> list[tuple[str, Answer]]:
    answers = machine.ask_all(urls)
    return [(url, answers[number]) for number, url in enumerate(urls)]


def _answers(machine: Machine) -> list[Answer]:
    """Those of the servers that every command asks."""
    return machine.ask_all(f"{url}/uv/" for url in machine.facts.indexes(machine.environment))


def _variable(machine: Machine, name: str) -> str:
    return machine.environment.get(name) or machine.environment.get(name.upper()) or ""


def _is_address(text: str) -> bool:
    """Whether a text has a host, and a port that is a number, so that it may be shown without its login."""
    try:
        parts = urlsplit(text if re.match(r"\w+://", text) else f"http://{text}")
        return bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:
        return False
