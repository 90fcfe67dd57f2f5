"""Who may ask an application, and what no answer may do: a shell around it, of ASGI alone.

A browser is let in by a token that stands in the address which the command prints, and known afterwards by a cookie of
this application alone.
Requests that other pages cause (forged forms, rebound names) are refused. What goes wrong is told by its kind and
place: messages of exceptions may quote a record.
"""

import hmac
import logging
from collections.abc import Awaitable, Callable, MutableMapping
from http.cookies import CookieError, SimpleCookie
from traceback import extract_tb
from typing import Any
from urllib.parse import parse_qs

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

STYLES = "/assets/"  # open to all on this machine: the page that refuses wears them too, and they tell nothing
FAILED = "Something went wrong. What you had answered before is kept."
HOSTS = ("127.0.0.1", "localhost")
HEADERS = {
    "content-security-policy": "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "cache-control": "no-store",  # pages hold what people are called: no copy stays on the disk
    "referrer-policy": "same-origin",  # with no-referrer a browser would hide from us that a form is our own
    "x-content-type-options": "nosniff",
    "cross-origin-resource-policy": "same-origin",
}
_log = logging.getLogger("leo.web")


class Guard:
    """An application behind its token.

    Args:
        refusal: page for status codes 403 and 500: (status, why) to HTML.
    """

    def __init__(self, app: App, token: str, refusal: Callable[[int, str], str]) -> None:
        self._app, self._token, self._refusal = app, token, refusal

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, refuse, or let in and send on to the same address without the token."""
        if scope["type"] != "http":  # the server's own start and end
            await self._app(scope, receive, send)
            return
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        if headers.get("host", "").rpartition(":")[0] not in HOSTS and headers.get("host") not in HOSTS:
            await self._refuse(send, 403, "This application answers on this machine alone.")
        elif scope["method"] not in ("GET", "HEAD") and not _of_this_place(headers):
            await self._refuse(send, 403, "This form was sent from another page.")
        elif self._is_right(parse_qs(scope["query_string"].decode("latin-1")).get("token", [""])[0]):
            await self._let_in(scope, headers, send)
        elif not (self._is_right(_cookie(headers)) or scope["path"].startswith(STYLES)):
            await self._refuse(
                send, 403, "Open the address that the command printed: it holds the token that lets you in."
            )
        else:
            await self._answer(scope, receive, send)

    def _is_right(self, token: str) -> bool:
        return hmac.compare_digest(token.encode(), self._token.encode())

    async def _let_in(self, scope: Scope, headers: MutableMapping[str, str], send: Send) -> None:
        cookie = f"{_token_of(headers)}={self._token}; HttpOnly; SameSite=Strict; Path=/"
        await _send(send, 303, {"location": scope["path"], "set-cookie": cookie, **HEADERS}, "")

    async def _refuse(self, send: Send, status: int, why: str) -> None:
        await _send(send, status, {"content-type": "text/html; charset=utf-8", **HEADERS}, self._refusal(status, why))

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        started = False

        async def guarded(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                ours = [(name.encode(), value.encode()) for name, value in HEADERS.items()]
                message = {**message, "headers": [*message.get("headers", []), *ours]}
            await send(message)

        try:
            await self._app(scope, receive, guarded)
        except Exception as error:
            place = extract_tb(error.__traceback__)[-1]
            _log.error("%s in %s, line %s", type(error).__name__, place.name, place.lineno)
            if not started:
                await self._refuse(send, 500, FAILED)


def _of_this_place(headers: MutableMapping[str, str]) -> bool:
    """Whether a form was sent by one of our own pages, as browsers tell; a client that tells nothing is no browser."""
    origin = headers.get("origin")
    site = headers.get("sec-fetch-site", "same-origin")
    return site == "same-origin" and origin in (None, f"http://{headers.get('host')}")


def cookie_of(name: str, host: str) -> str:
    """What a cookie of an application is called: browsers give those of one port to all, and two may be at work."""
    return f"{name}-{host.rpartition(':')[2]}" if ":" in host else name


def _token_of(headers: MutableMapping[str, str]) -> str:
    return cookie_of("leo-token", headers.get("host", ""))


def _cookie(headers: MutableMapping[str, str]) -> str:
    try:
        found = SimpleCookie(headers.get("cookie", ""))
    except CookieError:
        return ""
    name = _token_of(headers)
    return found[name].value if name in found else ""


async def _send(send: Send, status: int, headers: MutableMapping[str, str], body: str) -> None:
    listed = [(name.encode(), value.encode()) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": status, "headers": listed})
    await send({"type": "http.response.body", "body": body.encode()})
