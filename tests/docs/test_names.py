"""What pages and messages name is there: targets of make, variables that it passes on, variables of Terraform."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from cli.paths import REPOSITORY
from cli.processes.platform import DEFAULT_PORTS
from cli.processes.settings import port_variable
from tests.support import pages
from tests.support.make import environment

MAKEFILE = (REPOSITORY / "Makefile").read_text()
TARGETS = set(re.findall(r"^([a-z-]+):", MAKEFILE, re.MULTILINE))
#: Folders whose code reads what make passes on, or what a test is told.
_CODE = ("bench", "cli", "dags", "source", "tests")
_WORD = re.compile(r"[a-z][a-z-]*")
_SETTING = re.compile(r"([A-Z][A-Z0-9_]*|TF_VAR_\w+)=")
# What other programs read.
_OTHERS = {"DOCKER_HOST", "NO_COLOR"}


def terraform_variables() -> set[str]:
    return set(re.findall(r'^variable "(\w+)"', (REPOSITORY / "terraform" / "variables.tf").read_text(), re.MULTILINE))


def settings() -> set[str]:
    """The variables that something reads: named in code as a text, in the Makefile, as a port, or Terraform's."""
    code = "\n".join(file.read_text() for folder in _CODE for file in sorted((REPOSITORY / folder).rglob("*.py")))
    found = set(re.findall(r"""["']([A-Z][A-Z0-9_]*)["']""", code)) | set(re.findall(r"\$\(([A-Z_]+)\)", MAKEFILE))
    found |= {port_variable(name) for name in DEFAULT_PORTS} | _OTHERS
    return found | {f"TF_VAR_{name}" for name in terraform_variables()}


def calls(text: str) -> Iterator[tuple[list[str], list[str]]]:
    """The targets and the variables of each call of make in a line of code."""
    words = re.sub(r"""("|')[^"']*\1""", "…", text).split()  # what is between quotes is one value
    for place, word in enumerate(words):
        if word != "make":
            continue
        targets, given = [], [found[1] for each in words[:place] if (found := _SETTING.match(each))]
        for each in words[place + 1 :]:
            if found := _SETTING.match(each):
                given.append(found[1])
            elif _WORD.fullmatch(each):
                targets.append(each)
            else:
                break
        yield targets, given


def lines_of(page: Path) -> list[str]:
    """Lines of code on a page: what stands between backticks, and the lines of its command blocks."""
    of_blocks = [each.text for each in pages.blocks("sh") if each.page == pages.path_of(page)]
    return [*pages.spans(page), *(line.partition("#")[0] for text in of_blocks for line in text.splitlines())]


def unknown(lines: list[str]) -> list[str]:
    """The targets and variables that are nowhere."""
    found, known = [], settings()
    for line in lines:
        for targets, given in calls(line):
            found += [f"make {target}" for target in targets if target not in TARGETS]
            found += [f"{name}=" for name in given if name not in known]
        # A setting may stand alone: `SCALE=10`.
        if alone := _SETTING.match(line):
            found += [f"{alone[1]}="] if alone[1] not in known else []
    return found


@pytest.mark.parametrize("page", pages.pages(), ids=pages.path_of)
def test_pages_name_what_is_there(page):
    assert unknown(lines_of(page)) == []


def test_messages_and_help_name_what_is_there():
    said = []
    for folder in ("airflow", "bench", "cli", "dags", "grafana", "source", "terraform"):
        for file in sorted((REPOSITORY / folder).rglob("*")):
            if file.suffix in (".py", ".sh", ".tf", ".yml", ".yaml") and ".terraform" not in file.parts:
                joined = re.sub(r'"\n\s*f?"', "", file.read_text())  # a text may go on in the next line
                said += re.findall(r"`([^`\n]*\bmake\b[^`\n]*)`", re.sub(r"\{[^{}]*\}", "X", joined))
    assert len(said) > 40
    assert unknown(said) == []
    done = subprocess.run(
        ["make", "help"], cwd=REPOSITORY, env=environment(), capture_output=True, text=True, check=True
    )
    helps = dict(re.findall(r"^  make ([a-z-]+) +(.*)$", done.stdout, re.MULTILINE))
    assert helps.keys() <= TARGETS
    named = re.findall(r"\b([A-Z][A-Z_]+)=", " ".join(helps.values()))
    assert len(named) > 10
    assert set(named) - settings() == set()


def test_every_target_with_a_help_is_on_a_page():
    told = {
        target for page in pages.pages() for line in lines_of(page) for targets, _ in calls(line) for target in targets
    }
    assert set(re.findall(r"^([a-z-]+):.*## ", MAKEFILE, re.MULTILINE)) - told - {"help"} == set()


def test_variables_of_terraform_that_pages_name_are_there():
    """In the README's table, and wherever one stands as TF_VAR_name."""
    named = {name for page in pages.pages() for name in re.findall(r"TF_VAR_(\w+)", page.read_text())} - {"name"}
    (table,) = re.findall(r"^\| variable \| default \|.*?\n\n", pages.prose(REPOSITORY / "README.md"), re.M | re.S)
    rows = [row.split("|")[1] for row in table.splitlines()[2:] if row]
    listed = {name for row in rows for name in re.findall(r"`(\w+)`", row)}
    assert len(listed) > 15
    assert (named | listed) - terraform_variables() == set()


def test_the_rule_itself():
    lines = [
        "TF_VAR_name=x make up",
        "make dmo SCALE=1",
        "make demo SKALE=1",
        "TF_VAR_nom=x make up",
        "PORTZ=1",
        "make",
    ]
    assert unknown(lines) == ["make dmo", "SKALE=", "TF_VAR_nom=", "TF_VAR_nom=", "PORTZ="]
    assert list(calls("TF_VAR_a=1 make run-pipeline DATE=2 (daily)")) == [(["run-pipeline"], ["TF_VAR_a", "DATE"])]
