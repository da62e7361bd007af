"""The pages of this repository: their blocks of code, their links, what they name."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from cli.paths import REPOSITORY

_BLOCK = re.compile(r"^( *)```(\w*)\n(.*?)^\1```", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
_HEADING = re.compile(r"^#{1,6} +(.+?) *$", re.MULTILINE)


@dataclass(frozen=True)
class Block:
    """A block of code on a page. ``page`` is its path in the repository, ``line`` that of its first line of code."""

    page: str
    line: int
    language: str
    text: str

    @property
    def begins(self) -> str:
        """Its first line."""
        return self.text.partition("\n")[0]


def pages() -> list[Path]:
    """All Markdown pages that people read."""
    found = [REPOSITORY / "README.md", REPOSITORY / "CONTRIBUTING.md"]
    for folder in ("docs", "terraform", "dags", "tests/support/images"):
        found += sorted(
            page
            for page in (REPOSITORY / folder).rglob("*.md")
            if ".terraform" not in page.relative_to(REPOSITORY).parts
        )
    return found


def path_of(page: Path) -> str:
    """A page's path in the repository."""
    return page.relative_to(REPOSITORY).as_posix()


def blocks(language: str) -> Iterator[Block]:
    """The blocks of a language, on all pages."""
    for page in pages():
        text = page.read_text()
        for found in _BLOCK.finditer(text):
            if found[2] == language:
                lines = (line.removeprefix(found[1]) for line in found[3].splitlines())
                yield Block(path_of(page), text.count("\n", 0, found.start(3)) + 1, found[2], "\n".join(lines) + "\n")


def block(page: str, language: str, begins: str) -> str:
    """The text of the one block of a page that begins so; tests run what the page says."""
    (found,) = (each for each in blocks(language) if each.page == page and each.begins.startswith(begins))
    return found.text


def prose(page: Path) -> str:
    """A page without its blocks of code; the lines stay where they are."""
    return _BLOCK.sub(lambda found: "\n" * found[0].count("\n"), page.read_text())


def spans(page: Path) -> list[str]:
    """What stands between backticks in a page's prose, on one line."""
    return [" ".join(each.split()) for each in re.findall(r"`([^`]+)`", prose(page))]


def links(page: Path) -> list[str]:
    """The targets of a page's links and pictures."""
    return _LINK.findall(re.sub(r"`[^`\n]*`", "", prose(page)))


def anchors(page: Path) -> set[str]:
    """What a link may name on a page: its headings, written as GitHub writes them.

    https://docs.github.com/en/get-started/writing-on-github/getting-started-with-writing-and-formatting-on-github/basic-writing-and-formatting-syntax#section-links
    """
    found: set[str] = set()
    for heading in _HEADING.findall(prose(page)):
        words = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading).replace("`", "").lower()
        base = re.sub(r"[^\w\- ]", "", words).replace(" ", "-")
        number = sum(anchor == base or re.fullmatch(rf"{re.escape(base)}-\d+", anchor) is not None for anchor in found)
        found.add(f"{base}-{number}" if number else base)
    return found
