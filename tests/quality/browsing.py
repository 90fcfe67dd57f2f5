"""A page or an application in Chromium with the network cut, and what axe finds
in it.
"""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

PATIENCE = 30_000  # milliseconds
WIDTHS = (1400, 800, 400, 320)  # pixels; 320 are a page of 1280 at 400 %
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


def open_page(
    browser: Any, page_file: Path, **options: Any
) -> tuple[Any, list[str], list[str]]:
    """The page without a network, its requests and its faults."""
    context = browser.new_context(
        offline=True, **{"viewport": {"width": 1280, "height": 900}, **options}
    )
    context.set_default_timeout(PATIENCE)
    page = context.new_page()
    requests: list[str] = []
    faults: list[str] = []
    page.on("request", lambda request: requests.append(request.url))
    page.on("pageerror", lambda fault: faults.append(str(fault)))
    page.on(
        "console",
        lambda line: faults.append(line.text) if line.type == "error" else None,
    )
    page.goto(page_file.as_uri())
    return page, requests, faults


def barriers(
    page: Any, *, preload: bool = True, **selection: Any
) -> list[tuple[str, str]]:
    """Every rule that the page breaks, with the first place. A page still without its
    styles has other colours.

    Args:
        preload: whether axe fetches the page's style sheets; a page opened from a file
            lets nobody fetch.
    """
    page.wait_for_load_state("load")
    axe = pytest.importorskip(
        "axe_playwright_python.sync_playwright",
        reason="axe-playwright-python is not installed",
    )
    # All rules are checked in all places; of rules that hold, which are nearly all, no
    # place is described and sent, nor written out: each rule would write out all of the
    # page for each part that contains others.
    options = {"runOnly": selection, "preload": preload, "resultTypes": ["violations"]}
    script = f"{axe.Axe().axe_script}; axe.configure({{noHtml: true}})"
    result = axe.Axe(script).run(page, options=options)
    return [
        (fault["id"], str(fault["nodes"][0]["target"]))
        for fault in result.response["violations"]
    ]


def violations(page: Any, *, preload: bool = True) -> list[tuple[str, Any]]:
    """Where a page breaks the contract of all pages: barriers, wider than the screen,
    no visible focus after Tab.
    """
    result: list[tuple[str, Any]] = list(
        barriers(page, preload=preload, type="tag", values=RULES)
    )
    width = page.evaluate("document.documentElement.scrollWidth")
    if width > page.viewport_size["width"]:
        result.append(("wider than the screen", width))
    page.keyboard.press("Tab")
    outline = page.evaluate(
        "document.activeElement === document.body ? '' : "
        "getComputedStyle(document.activeElement).outlineStyle"
    )
    return [
        *result,
        *([("no visible focus", outline)] if outline in ("", "none") else []),
    ]


def wait_for_focus(page: Any, selector: str) -> None:
    """Wait until a place has the focus: the page may move it a moment later, on a busy
    machine much later.
    """
    page.locator(f"{selector}:focus").wait_for()


def moment(page: Any, milliseconds: int) -> None:
    """Wait by the page's own clock, which stops while the browser does: what the page
    was about to do is then done.
    """
    page.evaluate("lasts => new Promise(over => setTimeout(over, lasts))", milliseconds)


@contextmanager
def address_of(application: Any) -> Iterator[str]:
    """An application at work on a port of its own: its address."""
    uvicorn = pytest.importorskip(
        "uvicorn", reason="no uvicorn: pip install 'leo-linkage[apps]'"
    )
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = uvicorn.Server(uvicorn.Config(application, log_config=None, ws="none"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        try:
            while not server.started:
                assert thread.is_alive(), "the application did not start"
                time.sleep(0.01)
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        # also of a test that fails: nothing would end before the application does
        finally:
            server.should_exit = True
            thread.join()


@contextmanager
def visitors(browser: Any, home: str) -> Iterator[Callable[..., Any]]:
    """Opens pages of an application, every other host cut off; requests to one, and
    faults, fail the test.

    The page of an error status is no fault: Chromium reports it in the console.
    """
    contexts, faults = [], []

    def block_others(route: Any) -> None:
        if route.request.url.startswith(home + "/"):
            route.continue_()
        else:
            faults.append(route.request.url)
            route.abort()

    def open_page(**options: Any) -> Any:
        context = browser.new_context(
            base_url=home, **{"viewport": {"width": 1280, "height": 900}, **options}
        )
        context.set_default_timeout(PATIENCE)
        contexts.append(context)
        context.route("**/*", block_others)
        page = context.new_page()
        page.on("pageerror", lambda fault: faults.append(str(fault)))
        page.on(
            "console",
            lambda line: faults.append(line.text) if _is_fault(line) else None,
        )
        page.goto("/?token=secret")
        return page

    try:
        yield open_page
    finally:
        for context in contexts:
            context.close()
    assert faults == [], faults


def _is_fault(line: Any) -> bool:
    return (
        line.type in ("error", "warning")
        and "the server responded with a status of 4" not in line.text
    )
