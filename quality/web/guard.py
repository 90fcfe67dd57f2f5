"""Access control of an application: the token, the Host and Origin of a request, and the headers of every answer.

The address that the command prints holds the token; afterwards a cookie does. Errors are logged by class and place only,
because the message of an exception may quote a record.
"""

import hmac
import logging
from collections.abc import Callable
from traceback import extract_tb

from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

STYLES = "/assets/"  # open without the token: the page that refuses needs them, and they hold no data
FAILED = "Something went wrong. Your earlier answers are saved."
HOSTS = ("127.0.0.1", "localhost")
HEADERS = {
    "content-security-policy": "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "cache-control": "no-store",  # pages show personal data: the browser must not keep a copy on disk
    "referrer-policy": "same-origin",  # with no-referrer browsers send our own forms with Origin: null
    "x-content-type-options": "nosniff",
    "cross-origin-resource-policy": "same-origin",
}
_log = logging.getLogger("leo.web")


class Guard:
    """An application behind its token.

    Args:
        refusal: (status 403 or 500, reason) to the HTML of a page.
    """

    def __init__(self, app: ASGIApp, token: str, refusal: Callable[[int, str], str]) -> None:
        self._app, self._token, self._refusal = app, token, refusal

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, refuse, or set the cookie and redirect to the same address without the token."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = False

        async def send_with_headers(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                MutableHeaders(scope=message).update(HEADERS)
            await send(message)

        answer = self._check(Request(scope)) or self._app
        try:
            await answer(scope, receive, send_with_headers)
        except Exception as error:
            place = extract_tb(error.__traceback__)[-1]
            _log.error("%s in %s, line %s", type(error).__name__, place.name, place.lineno)
            if not started:
                await HTMLResponse(self._refusal(500, FAILED), 500)(scope, receive, send_with_headers)

    def _check(self, request: Request) -> Response | None:
        """A refusal, or the redirect that sets the cookie; None lets the request through."""
        cookie = cookie_of("leo-token", request.headers.get("host", ""))
        if request.url.hostname not in HOSTS:
            return self._refuse("This application answers on this machine only.")
        if request.method not in ("GET", "HEAD") and not _is_same_origin(request):
            return self._refuse("This form was sent from another site.")
        if self._is_token(request.query_params.get("token", "")):
            response = RedirectResponse(request.url.path, 303)
            response.set_cookie(cookie, self._token, httponly=True, samesite="strict")
            return response
        if self._is_token(request.cookies.get(cookie, "")) or request.url.path.startswith(STYLES):
            return None
        return self._refuse("Open the address that the command printed: it holds the token.")

    def _is_token(self, text: str) -> bool:
        return hmac.compare_digest(text.encode(), self._token.encode())

    def _refuse(self, reason: str) -> Response:
        return HTMLResponse(self._refusal(403, reason), 403)


def _is_same_origin(request: Request) -> bool:
    """Whether one of our pages sent a form (CSRF). A client that sends neither header is not a browser."""
    site = request.headers.get("sec-fetch-site", "same-origin")
    return site == "same-origin" and request.headers.get("origin") in (None, f"http://{request.headers.get('host')}")


def cookie_of(name: str, host: str) -> str:
    """The cookie's name with the port: browsers share cookies between ports, and two applications may be running."""
    return f"{name}-{host.rpartition(':')[2]}" if ":" in host else name
