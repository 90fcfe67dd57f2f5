"""Who may open an application, where its redirects lead, and what its errors show."""

import os
import re
import socket
import stat
from http.cookiejar import CookieJar
from pathlib import Path
from typing import Any

import pytest

from linkage.errors import InputError, LeoError
from tests.quality.clients import HOME, client_of, visitor

pytest.importorskip("fastapi", reason="no fastapi: pip install 'leo-linkage[apps]'")

from quality.web import WebApplication, check_port, serve
from quality.web.application import ADDRESS


def example() -> WebApplication:
    web = WebApplication("quality.review", "example", {}, "secret")

    @web.app.get("/")
    def home() -> str:
        return "home"

    @web.app.post("/form")
    def form(kind: str = "") -> None:
        raise (
            InputError("the folder is gone\n  put it back")
            if kind == "ours"
            else ValueError("SMITH of AB1 2CD")
        )

    return web


@pytest.fixture
def web() -> WebApplication:
    return example()


def test_one_browser_opens_two_applications_at_once(web: WebApplication) -> None:
    jar, other = CookieJar(), example()
    clients = [
        visitor(app, f"{HOME}:{port}", cookies=jar)
        for app, port in ((web, 1001), (other, 1002))
    ]
    for _ in range(2):
        assert [client.get("/?token=secret").text for client in clients] == [
            '"home"',
            '"home"',
        ]
    assert [
        client.get(f"{app.root}/").text
        for client, app in zip(clients, (web, other), strict=True)
    ] == [
        '"home"',
        '"home"',
    ]


def test_another_server_on_this_machine_gets_no_cookie(web: WebApplication) -> None:
    """Cookies are for all ports: the server of another user was sent the token when its
    page was opened.
    """
    jar, cookies = CookieJar(), []

    async def eavesdropper(scope: Any, receive: Any, send: Any) -> None:
        cookies.append(dict(scope["headers"]).get(b"cookie"))
        await send({"type": "http.response.start", "status": 204, "headers": []})
        await send({"type": "http.response.body"})

    visitor(web, f"{HOME}:1001", cookies=jar).get("/?token=secret")
    other = visitor(eavesdropper, f"{HOME}:1002", cookies=jar)
    for path in ("/", "/next", "/pairs/1"):
        other.get(path)
    assert len(jar) == 1
    assert cookies == [None] * 3


def test_a_session_is_for_one_application_and_holds_no_token(
    web: WebApplication,
) -> None:
    first = visitor(web).get("/?token=secret", follow_redirects=False)
    cookie = first.headers["set-cookie"]
    assert first.headers["location"] == f"{web.root}/"
    assert "secret" not in cookie
    assert {"httponly", "samesite=strict", f"path={web.root}".lower()} <= set(
        cookie.lower().split("; ")
    )
    value = cookie.partition(";")[0]
    other = example()
    for app, cookie_sent in (
        (other, value),
        (web, value.partition("=")[0] + "=secret"),
        (web, ""),
    ):
        assert (
            visitor(app)
            .get(f"{app.root}/", headers={"cookie": cookie_sent})
            .status_code
            == 403
        )
    assert (
        visitor(web).get(f"{web.root}/", headers={"cookie": value}).status_code == 200
    )


@pytest.mark.parametrize(
    "path",
    ["/", "/?token=guess", "/next", "//evil.example/?token=secret", "/x?token=secret"],
)
def test_without_the_token_at_the_start_nothing_opens(
    web: WebApplication, path: str
) -> None:
    page = visitor(web).get(HOME + path, follow_redirects=False)
    assert (page.status_code, page.headers.get("location")) == (403, None)
    assert web.root not in page.text.replace(f'href="{web.root}', "")


@pytest.mark.parametrize(
    "path", ["/form", "/form/", "//evil.example", "/pairs//evil.example/", "/nothing"]
)
def test_redirects_lead_to_paths_of_the_application(
    web: WebApplication, path: str
) -> None:
    page = client_of(web).get(
        path, headers={"host": "localhost"}, follow_redirects=False
    )
    assert page.headers.get("location", f"{web.root}/") == f"{web.root}/"


def test_the_address_of_a_form_leads_to_the_start(web: WebApplication) -> None:
    assert client_of(web).get("/form").text == '"home"'


@pytest.mark.parametrize(
    "headers",
    [
        {"host": "evil.example"},
        {"origin": "http://evil.example"},
        {"origin": "null"},
        {"sec-fetch-site": "cross-site"},
    ],
)
def test_a_form_of_another_site_is_refused(
    web: WebApplication, headers: dict[str, str]
) -> None:
    assert client_of(web).post("/form", headers=headers).status_code == 403


def test_no_page_may_be_kept_or_framed_or_fetch_elsewhere(web: WebApplication) -> None:
    for page in (client_of(web).get("/"), visitor(web).get("/")):
        assert page.headers["cache-control"] == "no-store"
        assert page.headers["content-security-policy"].startswith("default-src 'none'")
        assert "frame-ancestors 'none'" in page.headers["content-security-policy"]
        assert page.headers["referrer-policy"] == "same-origin"


def test_only_messages_of_leo_errors_are_shown(
    web: WebApplication, caplog: pytest.LogCaptureFixture
) -> None:
    client = client_of(web)
    other, own = client.post("/form"), client.post("/form?kind=ours")
    assert (other.status_code, own.status_code) == (500, 500)
    assert "SMITH" not in other.text + caplog.text
    assert "ValueError" in caplog.text
    assert all(
        text in own.text
        for text in (
            "the folder is gone",
            "put it back",
            "Your last action was not saved.",
        )
    )
    assert all("<h1" in page.text for page in (other, own))


def test_a_log_gets_no_token(
    capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Standard output of a test is no terminal: the address is in a file for its owner
    only, while the server runs.
    """
    uvicorn = pytest.importorskip("uvicorn")
    lines: list[str] = []
    contents: list[tuple[str, int]] = []

    def run(self: Any, sockets: Any) -> None:
        file = Path(lines[0].removeprefix("the address in "))
        contents.append((file.read_text(), stat.S_IMODE(os.stat(file).st_mode)))

    monkeypatch.setattr(uvicorn.Server, "run", run)
    tokens: list[str] = []
    serve(lambda token: tokens.append(token), 0, lines.append)  # type: ignore[arg-type, return-value]
    ((address, mode),) = contents
    assert re.fullmatch(rf"http://127\.0\.0\.1:\d+/\?token={tokens[0]}\n", address)
    assert mode == 0o600
    assert tokens[0] not in "".join([*lines, *capfd.readouterr()])
    assert not Path(lines[0].removeprefix("the address in ")).exists()


def test_a_port_that_is_taken_is_reported_before_any_work() -> None:
    with socket.socket() as other:
        other.bind((ADDRESS, 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(
            LeoError, match=f"port {port} is taken\n  give another: --port 0"
        ):
            check_port(port)
    check_port(0)
