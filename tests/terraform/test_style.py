"""How the configuration is written: tables in READMEs, line length, tflint's rules."""

from __future__ import annotations

import subprocess

import yaml

from cli.paths import REPOSITORY
from tests.support.go_tools import go_tool

TERRAFORM = REPOSITORY / "terraform"
MODULES = [TERRAFORM, *(folder for folder in (TERRAFORM / "modules").iterdir() if folder.is_dir())]
TFLINT = "0.58.1"


def test_every_module_has_the_files_that_a_reader_looks_for():
    files = ("README.md", "main.tf", "outputs.tf", "variables.tf", "versions.tf")
    assert [folder / file for folder in MODULES for file in files if not (folder / file).is_file()] == []


def test_tables_in_readmes_are_true():
    """After a change of a variable or an output: `terraform-docs terraform`."""
    version = yaml.safe_load((TERRAFORM / ".terraform-docs.yml").read_text())["version"]
    command = [go_tool("github.com/terraform-docs/terraform-docs", version), "--output-check", str(TERRAFORM)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count("is up to date") == len(MODULES)


def test_lines_have_120_characters_at_most():
    files = [file for folder in MODULES for pattern in ("*.tf", "tests/*.hcl") for file in folder.glob(pattern)]
    assert len(files) >= 3 * len(MODULES)
    lines = ((file, number, line) for file in files for number, line in enumerate(file.read_text().splitlines(), 1))
    assert [f"{file}:{number}" for file, number, line in lines if len(line) > 120] == []


def test_tflint_finds_nothing():
    command = [go_tool("github.com/terraform-linters/tflint", TFLINT), "--recursive"]
    command += [f"--config={TERRAFORM / '.tflint.hcl'}", "--no-color"]
    done = subprocess.run(command, cwd=TERRAFORM, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
