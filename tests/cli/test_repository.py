"""Where alerts link to: the pages of the host that the clone comes from."""

from __future__ import annotations

import pytest

from cli.repository import page_of


@pytest.mark.parametrize(
    ("remote", "page"),
    [
        ("git@github.com:shop/bikes.git", "https://github.com/shop/bikes/blob/HEAD/docs"),
        ("https://me:token@github.com/shop/bikes.git", "https://github.com/shop/bikes/blob/HEAD/docs"),
        ("ssh://git@gitlab.com:22/shop/team/bikes", "https://gitlab.com/shop/team/bikes/-/blob/HEAD/docs"),
        ("https://git.example.com/shop/bikes.git", None),
        ("/srv/bikes.git", None),
        ("", None),
    ],
)
def test_the_page_of_a_remote(remote, page):
    assert page_of(remote, "docs") == page
