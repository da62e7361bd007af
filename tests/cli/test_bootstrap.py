"""What make's targets get before they run, on a machine that has little: a package index that runs here, and no pip."""

from __future__ import annotations

import hashlib
import io
import os
import re
import shutil
import signal
import subprocess
import sys
import time
import zipfile
from importlib import metadata

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from cli.get_uv import find_wheel, wheel_tags
from cli.paths import REPOSITORY
from tests.support.web import web_server

VERSION = "0.13.9"
UV = """\
#!/bin/sh
# In place of uv: it keeps what it is asked, and makes the folder that `sync` makes.
echo "$UV_PROJECT_ENVIRONMENT: $*" >>"$HERE/asked"
[ "$1" != sync ] || mkdir -p "$UV_PROJECT_ENVIRONMENT"
"""
FILES = (
    *("pyproject.toml", "uv.lock", "cli/bootstrap.sh", "cli/__init__.py", "cli/get_uv.py", "cli/start.py"),
    "cli/processes/postgres_programs.py",
)
PROGRAMS = ("awk", "cat", "chmod", "cmp", "df", "dirname", "grep", "id", "mkdir", "sed", "tail", "sh", "mktemp", "rm")


def wheel() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr(f"uv-{VERSION}.data/scripts/uv", UV)
    return buffer.getvalue()


@pytest.fixture
def repository(tmp_path):
    """What the script reads, beside a machine with Python and the few programs of any system: no pip, no PostgreSQL."""
    home = tmp_path / "repository"
    (home / "cli" / "processes").mkdir(parents=True)
    for file in FILES:
        shutil.copy2(REPOSITORY / file, home / file)
    text = (home / "cli" / "bootstrap.sh").read_text()
    for place in ("/usr/lib/postgresql", "/usr/pgsql"):
        assert place in text
        text = text.replace(place, f"{tmp_path}/nowhere")
    (home / "cli" / "bootstrap.sh").write_text(text)
    programs = tmp_path / "bin"
    programs.mkdir()
    for name in PROGRAMS:
        (programs / name).symlink_to(shutil.which(name) or "/nowhere")
    python = programs / "python3"
    python.write_text(f'#!/bin/sh\n[ "$*" != "-m pip --version" ] || exit 1\nexec {sys.executable} "$@"\n')
    python.chmod(0o755)
    return home


@pytest.fixture
def bootstrap(repository, tmp_path):
    """Run the script; returns its output, its exit code, and what uv was asked."""

    def run(*wanted, index, **more):
        asked = tmp_path / "asked"
        asked.unlink(missing_ok=True)
        environment = {"PATH": str(tmp_path / "bin"), "HERE": str(tmp_path), "PIP_INDEX_URL": f"{index}/simple", **more}
        command = [str(repository / "cli" / "bootstrap.sh"), *wanted]
        done = subprocess.run(command, env=environment, capture_output=True, text=True)
        return done.stdout + done.stderr, done.returncode, asked.read_text().splitlines() if asked.exists() else []

    return run


@pytest.fixture
def index():
    content = wheel()
    tags = wheel_tags(os.uname().sysname, os.uname().machine, "glibc")
    name = f"uv-{VERSION}-py3-none-{tags[0]}_2_17_{tags[1]}.whl"
    page = f'<a href="../../files/{name}#sha256={hashlib.sha256(content).hexdigest()}">{name}</a>'
    with web_server() as web:
        web.answers = [(200, page.encode()), (200, content)]
        yield web


def test_commands_of_the_stack_in_containers_need_neither_pip_nor_postgresql(bootstrap, repository, index):
    said, code, asked = bootstrap("commands", index=index.url)
    assert (code, said) == (0, f"• getting uv {VERSION}\n• making .tools/commands from uv.lock\n")
    assert [line for line in asked if " sync " in line] == [
        ".tools/commands: sync --quiet --locked --only-group containers --python-preference system"
        " --python >=3.10,<3.13"
    ]
    assert bootstrap("commands", index="http://127.0.0.1:9") == ("", 0, [])  # the second time, nothing is missing


def test_an_environment_that_is_there_is_taken(bootstrap, repository, index):
    (repository / ".venv").mkdir()
    said, code, asked = bootstrap("commands", index=index.url)
    assert code == 0, said
    assert [line.split(":")[0] for line in asked if " sync " in line] == [".venv"]
    assert not (repository / ".tools" / "commands").exists()


def test_the_demo_needs_postgresql(bootstrap, index):
    said, code, asked = bootstrap(index=index.url)
    assert (code, asked) == (1, [])
    assert said.startswith("✗ PostgreSQL 14 to 18 is not installed")
    said, code, asked = bootstrap("packages", index=index.url)
    assert (code, "PostgreSQL" in said) == (0, False)


def test_an_index_that_does_not_answer_is_told(bootstrap):
    said, code, asked = bootstrap("commands", index="http://127.0.0.1:9")
    assert (code, asked) == (1, [])
    assert "http://127.0.0.1:9/simple/uv/ can't be read" in said
    assert said.endswith(f"✗ uv {VERSION} could not be had; the line above says why.\n")
    assert "Traceback" not in said


def test_a_file_that_is_not_what_the_index_says_is_refused(bootstrap, repository, index):
    index.answers[1] = (200, wheel() + b"x")
    said, code, asked = bootstrap("commands", index=index.url)
    assert (code, asked) == (1, [])
    assert "its hash differs" in said


def test_ctrl_c_is_one_sentence(repository, index, tmp_path):
    index.delay = 30
    process = subprocess.Popen(
        [str(repository / "cli" / "bootstrap.sh"), "commands"],
        env={"PATH": str(tmp_path / "bin"), "PIP_INDEX_URL": f"{index.url}/simple"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    deadline = time.monotonic() + 20
    while not index.request_headers:
        assert time.monotonic() < deadline
        time.sleep(0.02)
    os.killpg(process.pid, signal.SIGINT)
    said = process.communicate(timeout=20)
    assert said == (f"• getting uv {VERSION}\n", "\nStopped. The next make command goes on from here.\n")
    assert process.returncode == 130


# A part of PyPI's page.
PAGE = "\n".join(
    f'<a href="https://files.example.com/{name}#sha256=0">{name}</a>'
    for name in (
        "uv-0.13.8-py3-none-macosx_11_0_arm64.whl",
        "uv-0.13.9-py3-none-macosx_10_12_x86_64.whl",
        "uv-0.13.9-py3-none-macosx_11_0_arm64.whl",
        "uv-0.13.9-py3-none-manylinux_2_17_aarch64.manylinux2014_aarch64.musllinux_1_1_aarch64.whl",
        "uv-0.13.9-py3-none-manylinux_2_17_x86_64.manylinux2014_x86_64.whl",
        "uv-0.13.9-py3-none-musllinux_1_1_x86_64.whl",
        "uv-0.13.9.tar.gz",
    )
)


@pytest.mark.parametrize(
    ("system", "machine", "libc", "found"),
    [
        ("Darwin", "arm64", "", "macosx_11_0_arm64"),
        ("Darwin", "x86_64", "", "macosx_10_12_x86_64"),
        ("Linux", "x86_64", "glibc", "manylinux_2_17_x86_64.manylinux2014_x86_64"),
        ("Linux", "x86_64", "", "musllinux_1_1_x86_64"),
        ("Linux", "aarch64", "", "manylinux_2_17_aarch64.manylinux2014_aarch64.musllinux_1_1_aarch64"),
    ],
)
def test_the_wheel_for_a_machine(system, machine, libc, found):
    link = find_wheel(PAGE, VERSION, wheel_tags(system, machine, libc))
    assert link == f"https://files.example.com/uv-0.13.9-py3-none-{found}.whl#sha256=0"


def test_no_wheel_for_a_machine():
    assert find_wheel(PAGE, VERSION, wheel_tags("Linux", "sparc64", "glibc")) is None


REFUSE_OTHERS = """
import sys
allowed = set({allowed!r}) | sys.stdlib_module_names | {{"bikes_store", "cli", "source"}}
class Refuse:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] not in allowed:
            raise ImportError("not among the packages of make up: " + name)
sys.meta_path.insert(0, Refuse())
import cli.containers.__main__, cli.run, cli.status, cli.endpoints
"""


def modules_of(group: str) -> list[str]:
    """The modules that the packages of a dependency group bring, with those that they need."""
    text = (REPOSITORY / "pyproject.toml").read_text()
    (listed,) = re.findall(rf"^{group} = \[\n(.*?)^\]", text, re.MULTILINE | re.DOTALL)
    wanted = [Requirement(name) for name in re.findall(r'^ +"([^"]+)"', listed, re.MULTILINE)]
    names: set[str] = set()
    while wanted:
        requirement = wanted.pop()
        names.add(canonicalize_name(requirement.name))
        for needed in map(Requirement, metadata.requires(requirement.name) or []):
            extras = requirement.extras or {""}
            applies = not needed.marker or any(needed.marker.evaluate({"extra": extra}) for extra in extras)
            if applies and canonicalize_name(needed.name) not in names:
                wanted.append(needed)
    brought = metadata.packages_distributions().items()
    return sorted(module for module, by in brought if names & {canonicalize_name(name) for name in by})


def test_the_few_packages_are_all_that_the_commands_import():
    code = REFUSE_OTHERS.format(allowed=modules_of("containers"))
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONPATH": f"{REPOSITORY}:{REPOSITORY / 'dags'}"},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
