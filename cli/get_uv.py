"""Get uv without pip, which Python comes without on Debian and Ubuntu: a wheel of the package index is a zip file.

    python3 -S cli/start.py cli.get_uv VERSION FOLDER

Writes FOLDER/bin/uv. It runs before anything is installed, with any Python from 3.8 on. The index is PIP_INDEX_URL,
else PyPI; its page has the hash of each file: https://packaging.python.org/en/latest/specifications/simple-repository-api/
"""

from __future__ import annotations

import hashlib
import html
import io
import os
import platform
import re
import sys
import urllib.request
import zipfile
from pathlib import Path
from urllib.parse import urldefrag, urljoin

#: The package index, unless PIP_INDEX_URL names another.
INDEX = "https://pypi.org/simple"
_TIMEOUT_SECONDS = 60
_MACHINES = {"amd64": "x86_64", "arm64": "aarch64"}


def main() -> int:
    get_uv(sys.argv[1], Path(sys.argv[2]))
    return 0


def wheel_tags(system: str, machine: str, libc: str) -> tuple[str, str]:
    """What the name of this machine's wheel has in it: a system, and a machine.

    :param system: as platform.system() says.
    :param machine: as platform.machine() says.
    :param libc: as platform.libc_ver() says: "glibc", or empty for another.
    """
    machine = _MACHINES.get(machine.lower(), machine.lower())
    if system == "Darwin":
        return "macosx", "arm64" if machine == "aarch64" else machine
    return "manylinux" if libc == "glibc" else "musllinux", machine


def find_wheel(page: str, version: str, tags: tuple[str, str]) -> str | None:
    """The link to the wheel on the index's page, with its hash; None when there is none."""
    for link in re.findall(r'href="([^"]+)"', page):
        name = urldefrag(html.unescape(link))[0].rpartition("/")[2]
        parts = name[: -len(".whl")].split("-")[-1].split(".") if name.endswith(".whl") else []
        if name.startswith(f"uv-{version}-") and any(p.startswith(tags[0]) and p.endswith(tags[1]) for p in parts):
            return html.unescape(link)
    return None


def get_uv(version: str, folder: Path) -> None:
    """Write uv into the folder. Exits with a sentence when it can't be had."""
    page_url = os.environ.get("PIP_INDEX_URL", INDEX).rstrip("/") + "/uv/"
    tags = wheel_tags(platform.system(), platform.machine(), platform.libc_ver()[0])
    try:
        link = find_wheel(_read(page_url).decode(), version, tags)
        if link is None:
            sys.exit(f"{page_url} has no uv {version} for {' '.join(tags)}")
        url, digest = urldefrag(urljoin(page_url, link))
        wheel = _read(url)
    except OSError as error:
        sys.exit(f"{page_url} can't be read: {error}")
    if digest != f"sha256={hashlib.sha256(wheel).hexdigest()}":
        sys.exit(f"{url} is not the file that its index names: its hash differs")
    program = folder / "bin" / "uv"
    program.parent.mkdir(parents=True, exist_ok=True)
    part = program.with_suffix(".part")
    with zipfile.ZipFile(io.BytesIO(wheel)) as archive:
        part.write_bytes(archive.read(f"uv-{version}.data/scripts/uv"))
    part.chmod(0o755)
    part.replace(program)


def _read(url: str) -> bytes:
    request = urllib.request.Request(url, headers={"Accept": "text/html"})  # noqa: S310 - the user's own index
    with urllib.request.urlopen(request, timeout=_TIMEOUT_SECONDS) as answer:  # noqa: S310 - as above
        return answer.read()
