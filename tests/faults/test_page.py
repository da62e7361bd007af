"""docs/reliability.md shows the table of faults, and each row of it has a test."""

from __future__ import annotations

import os
import re

import pytest

from cli.paths import REPOSITORY
from tests.faults.table import FAULTS, LONG, render

PAGE = REPOSITORY / "docs" / "reliability.md"
_PART = re.compile(r"(?<=<!-- faults -->\n).*?(?=<!-- /faults -->)", re.DOTALL)


def test_page_shows_the_table():
    """``FAULTS_TABLE=write`` writes it there."""
    text = PAGE.read_text()
    expected = _PART.sub(lambda _: render() + "\n", text)
    assert len(_PART.findall(text)) == 1
    if os.environ.get("FAULTS_TABLE") == "write":
        PAGE.write_text(expected)
    else:
        assert text == expected, "docs/reliability.md: write the table with FAULTS_TABLE=write"


@pytest.mark.parametrize("name", FAULTS)
def test_fault_has_a_test(name):
    files = [*LONG.parent.glob("test_*.py"), *LONG.glob("test_*.py")]
    assert any(f'pytest.mark.fault("{name}")' in file.read_text() for file in files)
