"""What belongs to others: a PostgreSQL that takes nobody without TLS, an S3 as docs/lake-elsewhere.md has it."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import requests

from cli.paths import REPOSITORY
from cli.processes import postgres
from cli.processes.settings import LOOPBACK, Settings, generate_secrets
from cli.processes.supervisor import Supervisor
from tests.support.needs import need_program
from tests.support.ports import free_ports

LAKE_PAGE = (REPOSITORY / "docs" / "lake-elsewhere.md").read_text()
OWNERS_SECRET, PIPELINES_SECRET = "OWNERS_SECRET", "PIPELINES_SECRET"
_LAKE_PARTS = ("master", "volume", "filer")


@contextmanager
def postgres_elsewhere(home: Path, address: str = LOOPBACK) -> Iterator[Settings]:
    """A server with a certificate of its own, ``trusted.crt`` in its folder; its superuser alone may do without TLS.

    :param home: an empty folder.
    :param address: an address of this machine, that it listens at beside 127.0.0.1.
    """
    need_program("openssl", "it makes the certificate")
    settings = Settings(home, free_ports(), generate_secrets())
    postgres.create_cluster(settings)
    folder = postgres.data_directory(home)
    certificate, key = folder / "server.crt", folder / "server.key"
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost"]
    command += ["-addext", f"subjectAltName=IP:{address}", "-out", str(certificate), "-keyout", str(key)]
    subprocess.run(command, check=True, capture_output=True)
    for file in (certificate, key):
        file.chmod(0o600)
        shutil.chown(file, folder.stat().st_uid, folder.stat().st_gid)
    rules = folder / "pg_hba.conf"
    rules.write_text(f"host all {postgres.SUPERUSER} 127.0.0.1/32 scram-sha-256\nhostssl all all all scram-sha-256\n")
    supervisor = Supervisor(home)
    service = postgres.service(settings)
    addresses = f"listen_addresses={LOOPBACK},{address}" if address != LOOPBACK else f"listen_addresses={LOOPBACK}"
    supervisor.start_daemon([replace(service, command=[*service.command, "-c", "ssl=on", "-c", addresses])])
    try:
        supervisor.start("postgres")
        supervisor.wait_ready("postgres")
        shutil.copyfile(certificate, home / "trusted.crt")
        yield settings
    finally:
        supervisor.shutdown()
        postgres.remove_cluster(home)


def lake_block(language: str) -> str:
    """The page's blocks of a language, as one text."""
    found = re.findall(rf"^```{language}\n(.*?)^```", LAKE_PAGE, re.MULTILINE | re.DOTALL)
    assert found, language
    return "\n".join(found)


@contextmanager
def lake_elsewhere(home: Path, address: str = LOOPBACK) -> Iterator[str]:
    """The page's server with its buckets and users; gives its address.

    :param home: an empty folder.
    :param address: an address of this machine.
    """
    ports = free_ports()
    (home / "s3.json").write_text(lake_block("json"))
    (home / "data").mkdir()
    text = lake_block("sh").replace("ADDRESS", address).replace("/srv/lake", str(home))
    program, *options = text.replace("-s3.port=8333", f"-s3.port={ports['s3']}").split()
    command = [str(Path(sys.prefix) / "bin" / program), *options, f"-s3.port.grpc={ports['s3_grpc']}"]
    for part in _LAKE_PARTS:
        command += [f"-{part}.port={ports[f's3_{part}']}", f"-{part}.port.grpc={ports[f's3_{part}_grpc']}"]
    with (home / "log").open("w") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log)
    url = f"http://{address}:{ports['s3']}"
    try:
        deadline = time.monotonic() + 60
        while not _is_healthy(url):
            assert process.poll() is None, (home / "log").read_text()[-2000:]
            assert time.monotonic() < deadline, (home / "log").read_text()[-2000:]
            time.sleep(0.2)
        code = lake_block("python").replace("http://ADDRESS:8333", url)
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        yield url
    finally:
        process.terminate()
        process.wait(30)


def _is_healthy(url: str) -> bool:
    (path,) = re.findall(r"curl --fail http://ADDRESS:8333(\S+)`", LAKE_PAGE)
    try:
        return requests.get(f"{url}{path}", timeout=5).ok
    except requests.RequestException:
        return False
