"""A page in Chromium with the network cut, and what axe finds in it."""

from pathlib import Path
from typing import Any

import pytest

RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


def opened(browser: Any, page_file: Path, **how: Any) -> tuple[Any, list[str], list[str]]:
    """The page with the network cut, what it asked for and what it complained of."""
    context = browser.new_context(offline=True, **{"viewport": {"width": 1280, "height": 900}, **how})
    page = context.new_page()
    requests: list[str] = []
    faults: list[str] = []
    page.on("request", lambda request: requests.append(request.url))
    page.on("pageerror", lambda fault: faults.append(str(fault)))
    page.on("console", lambda said: faults.append(said.text) if said.type == "error" else None)
    page.goto(page_file.as_uri())
    return page, requests, faults


def barriers(page: Any, *, preload: bool = True, **only: Any) -> list[tuple[str, str]]:
    """Every rule that the page breaks, with the first place. A page still without its styles has other colours.

    Args:
        preload: whether axe fetches the page's style sheets; a page opened from a file lets nobody fetch.
    """
    page.wait_for_load_state("load")
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe-playwright-python is not installed")
    found = axe.Axe().run(page, options={"runOnly": only, "preload": preload})
    return [(fault["id"], fault["nodes"][0]["html"]) for fault in found.response["violations"]]
