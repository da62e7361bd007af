"""Files at the top of the repository that no program of ours reads: they still have to be true."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path

import pytest
import yaml

from cli.containers.images import read_pinned
from cli.paths import REPOSITORY, TERRAFORM

WORKFLOWS = sorted((REPOSITORY / ".github" / "workflows").glob("*.yml"))
TARGETS = set(re.findall(r"^([a-z-]+):", (REPOSITORY / "Makefile").read_text(), re.MULTILINE))


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_workflows_run_what_make_does_at_home(path: Path):
    steps = [step for job in yaml.safe_load(path.read_text())["jobs"].values() for step in job["steps"]]
    commands = [step["run"] for step in steps if "run" in step]
    assert commands
    for command in commands:
        assert re.fullmatch(r"make [a-z-]+( [A-Z]+=\S+)*", command), command
        assert command.split()[1] in TARGETS, command


def test_renovate_reads_every_image_of_the_stack():
    (manager,) = json.loads((REPOSITORY / ".github" / "renovate.json").read_text())["customManagers"]
    (file,) = (re.compile(pattern.strip("/")) for pattern in manager["managerFilePatterns"])
    assert file.search("terraform/images.yaml")
    # JavaScript names its groups (?<name>…).
    pattern = re.compile(manager["matchStrings"][0].replace("(?<", "(?P<").replace("(?P<=", "(?<="))
    text = (TERRAFORM / "images.yaml").read_text()
    found = [match.groupdict() for match in pattern.finditer(text)]
    images = read_pinned(TERRAFORM / "images.yaml").values()
    assert [(one["depName"], one["currentValue"], one["currentDigest"]) for one in found] == [
        (image.name, image.tag, image.digest or None) for image in images
    ]


def test_hooks_run_the_pinned_programs():
    """`make install` makes the folder of programs; Terraform is the user's."""
    (repository,) = yaml.safe_load((REPOSITORY / ".pre-commit-config.yaml").read_text())["repos"]
    lock = (REPOSITORY / "uv.lock").read_text()
    programs = {hook["entry"].split()[0] for hook in repository["hooks"]}
    assert repository["repo"] == "local"
    for program in programs - {"terraform", "sh"}:
        folder, name = program.rsplit("/", 1)
        assert folder == ".venv/bin"
        assert f'name = "{name}"' in lock


def test_every_decision_is_in_the_list():
    folder = REPOSITORY / "docs" / "decisions"
    listed = re.findall(r"\]\((\d{4}-[a-z0-9-]+\.md)\) \| (.+) \|", (folder / "README.md").read_text())
    assert listed == [
        (path.name, path.read_text().splitlines()[0].removeprefix("# ")) for path in sorted(folder.glob("0*.md"))
    ]


def test_only_pictures_are_no_text():
    """A program that somebody fetched to try something is not committed with the rest."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=REPOSITORY, check=True, capture_output=True, text=True)
    files = [REPOSITORY / name for name in listed.stdout.split("\0") if name]
    assert len(files) > 400
    assert [file for file in files if file.is_file() and file.suffix != ".png" and b"\0" in file.read_bytes()] == []
