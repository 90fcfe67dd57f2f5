"""Where applications listen."""

import socket
from typing import Any

import pytest

from linkage.errors import InputError, LeoError
from quality.web import Guard, Pages, check_port, web_application
from quality.web.serving import ADDRESS


@pytest.fixture
def browser_of_two() -> Any:
    """Two applications on two ports of this machine, met by one browser: it sends cookies of either to both."""
    testclient = pytest.importorskip("starlette.testclient", reason="no httpx2: pip install 'leo-linkage[dev]'")

    def client(port: int, jar: Any = None) -> Any:
        pages = Pages("quality.review", f"application {port}", {})
        app = web_application(pages)

        @app.get("/")
        def home() -> str:
            return f"home of {port}"

        @app.post("/form")
        def form(what: str = "") -> None:
            raise InputError("the folder is gone\n  put it back") if what == "ours" else ValueError("SMITH of AB1 2CD")

        at = f"http://127.0.0.1:{port}"
        return testclient.TestClient(
            Guard(app, f"token-{port}", pages.refusal), at, raise_server_exceptions=False, cookies=jar
        )

    first = client(1001)
    return first, client(1002, first.cookies.jar)


def test_one_browser_is_let_in_to_two_applications_at_once(browser_of_two: Any) -> None:
    first, second = browser_of_two
    assert first.get("/?token=token-1001").text == '"home of 1001"'
    assert second.get("/").status_code == 403
    assert second.get("/?token=token-1002").text == '"home of 1002"'
    assert first.get("/").text == '"home of 1001"'
    assert second.get("/").text == '"home of 1002"'


def test_what_goes_wrong_is_told_by_a_page_and_of_ours_by_its_words(browser_of_two: Any) -> None:
    first, _ = browser_of_two
    first.get("/?token=token-1001")
    other, ours = first.post("/form"), first.post("/form?what=ours")
    assert (other.status_code, ours.status_code) == (500, 500)
    assert "Something went wrong. Your earlier answers are saved." in other.text
    assert "SMITH" not in other.text
    for said in ("the folder is gone", "put it back", "Your last action was not saved."):
        assert said in ours.text
    assert all("<h1" in page.text and page.headers["cache-control"] == "no-store" for page in (other, ours))


def test_an_address_that_forms_alone_are_sent_to_leads_home(browser_of_two: Any) -> None:
    first, _ = browser_of_two
    first.get("/?token=token-1001")
    assert first.get("/form").text == '"home of 1001"'


def test_a_port_that_is_taken_is_told_before_any_work() -> None:
    with socket.socket() as other:
        other.bind((ADDRESS, 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(LeoError, match=f"port {port} is taken\n  give another: --port 0"):
            check_port(port)
    check_port(0)
