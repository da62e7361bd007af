"""Each link inside the repository leads to a file that is there, and to a heading that it has."""

from __future__ import annotations

from urllib.parse import unquote

import pytest

from cli.paths import REPOSITORY
from tests.support import pages

# Pages of GitHub that stand beside the repository's files, as seen from the README.
_BESIDE = "../../actions/"


def broken(page):
    """The links of a page that lead nowhere."""
    found = []
    for link in pages.links(page):
        path, _, anchor = unquote(link).partition("#")
        if "://" in path or path.startswith(("mailto:", _BESIDE)):
            continue
        target = (page.parent / path) if path else page
        is_there = target.exists() and target.resolve().is_relative_to(REPOSITORY)
        if not is_there or (anchor and anchor not in pages.anchors(target)):
            found.append(link)
    return found


@pytest.mark.parametrize("page", pages.pages(), ids=pages.path_of)
def test_links_lead_somewhere(page):
    assert broken(page) == [], "write the path as seen from this page, and the heading as GitHub does: lower-case-words"


def test_the_rule_itself(tmp_path, monkeypatch):
    monkeypatch.setattr(pages, "REPOSITORY", tmp_path)
    monkeypatch.setitem(globals(), "REPOSITORY", tmp_path)
    (tmp_path / "other.md").write_text("# A `name`, and *more*: 2\n\n## Same\n\n## Same\n\n```sh\n# no heading\n```\n")
    page = tmp_path / "page.md"
    page.write_text(
        "# Here\n[a](other.md) [b](other.md#a-name-and-more-2) [c](#here) ![d](other.md#same-1)\n"
        "[a\nlong one](nowhere.md) [e](other.md#no-heading) [f](#there) `[g](not-a-link)` [h](https://x/y#z)\n"
        "```\n[i](in-a-block)\n```\n[j](../outside)"
    )
    assert broken(page) == ["nowhere.md", "other.md#no-heading", "#there", "../outside"]
