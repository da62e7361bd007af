"""Measure a page in a real browser, where this machine has one."""

from __future__ import annotations

import html
import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

#: Pixels: a phone, half a screen, a large screen.
WIDTHS = (400, 800, 1600)

# The page in a frame, since a browser's window is at least 500 pixels wide. The title becomes what was measured.
_FRAME = """<title></title><iframe style="border: 0; width: {width}px; height: 900px" srcdoc="{page}"></iframe><script>
onload = () => {{
  const frame = document.querySelector("iframe"), page = frame.contentDocument, seen = frame.contentWindow;
  // In a drawing, text is as large as the drawing is stretched.
  const sizeOf = e => parseFloat(seen.getComputedStyle(e).fontSize) * (e.getCTM ? e.getCTM().a : 1);
  const all = words => [...page.querySelectorAll(words)], plots = all(".plot");
  document.title = JSON.stringify({{
    window: seen.innerWidth,
    page: page.documentElement.scrollWidth,
    beyond: all("section").filter(e => e.getBoundingClientRect().right > seen.innerWidth).length,
    plots: [Math.min(...plots.map(e => e.clientWidth)), Math.min(...plots.map(e => e.clientHeight))],
    text: Math.min(...all(".plot i, td, .tiles span, svg text").filter(e => e.getClientRects().length).map(sizeOf)),
    lit: all(".lineage").filter(e => e.getClientRects().length).map(e => e.querySelectorAll("g.on").length),
  }});
}};
</script>"""


def assert_fits(page: str, width: int, folder: Path) -> None:
    """A page is no wider than the window, its charts have room, and its texts keep their size.

    :param folder: for files that are needed meanwhile.
    """
    found = measure(page, width, folder)
    assert found["window"] == found["page"] == width, found
    assert found["beyond"] == 0, found
    if 'class="plot"' in page:
        assert found["plots"][0] > 0.65 * min(width, 600) and found["plots"][1] > 180, found
    assert found["text"] >= 11, found


def measure(page: str, width: int, folder: Path) -> dict[str, Any]:
    """What a browser says of a page: the widths of the window and of the page, how many panels go beyond it, the least
    size of plots and of text that is seen, and how many nodes of a drawing are lit.

    :param folder: for files that are needed meanwhile.
    """
    if not shutil.which("chromium"):
        pytest.skip("chromium is not on the PATH: it measures the pages")
    file = folder / "frame.html"
    file.write_text(_FRAME.format(width=width, page=html.escape(page)))
    command = ["chromium", "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--dump-dom"]
    command += [f"--user-data-dir={folder / 'profile'}", f"--window-size={width + 100},1000", file.as_uri()]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    title, *_ = re.findall("<title>(.*?)</title>", done.stdout)
    found: dict[str, Any] = json.loads(html.unescape(title))
    return found
