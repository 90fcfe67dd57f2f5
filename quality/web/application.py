"""An application on the loopback address: its templates, access control and server.

The printed address holds a token, for which the server opens a session: a random id in
a cookie, whose values stay in this process. Browsers send a cookie to every port of a
host but keep it to its path, so all pages lie below a random path, and no other server
on this machine receives the cookie. Redirects are paths, never addresses. Errors are
logged by class and place only, because the message of an exception may quote a record.
"""

import hmac
import logging
import secrets
import socket
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from traceback import extract_tb
from typing import Any

import uvicorn
from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from linkage.errors import LeoError
from quality.report.document import environment, report_style, template_text

ADDRESS = "127.0.0.1"
HOSTS = (ADDRESS, "localhost")
HEADERS = {
    "content-security-policy": "default-src 'none'; style-src 'self'; script-src "
    "'self'; img-src 'self' data:; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    # pages show personal data: the browser must not keep a copy on disk
    "cache-control": "no-store",
    # with no-referrer browsers send our own forms with Origin: null
    "referrer-policy": "same-origin",
    "x-content-type-options": "nosniff",
    "cross-origin-resource-policy": "same-origin",
}
# open without a session: the page that refuses needs them, and they hold no data
_ASSETS = "/assets/"
_TITLES = {
    400: "Something is missing",
    403: "You cannot do this",
    404: "Page not found",
    500: "Something went wrong",
}
_REASONS = {
    400: "The form is incomplete.",
    404: "There is no such page.",
    500: "Something went wrong. Your earlier answers are saved.",
}
_log = logging.getLogger("leo.web")


class WebApplication:
    """Pages in the report's style behind a token (ASGI). GET on the address of a form
    leads to the start.

    Args:
        package: its templates/ holds the application's own.
        name: shown at the top of each page.
        links: text to path, of the navigation.
        scripts, styles: files of the package's templates/; styles of other packages as
            (package, file).
        reasons: status code to the text of its error page.

    Attributes:
        app: takes the routes. `request.session` is a dict of the browser's session.
        root: path below which the pages lie.
    """

    def __init__(
        self,
        package: str,
        name: str,
        links: Mapping[str, str],
        token: str,
        *,
        scripts: Sequence[str] = (),
        styles: Sequence[tuple[str, str]] = (),
        reasons: Mapping[int, str] | None = None,
        banner: str = "",
    ) -> None:
        self.root = f"/{secrets.token_urlsafe(12)}"
        self._token, self._sessions = token, dict[str, dict[str, Any]]()
        self._reasons = {**_REASONS, **(reasons or {})}
        sheets = [
            template_text(*sheet)
            for sheet in (("quality.web", "application.css"), *styles)
        ]
        self._assets = {"style.css": (report_style() + "".join(sheets), "text/css")}
        self._assets |= {
            script: (template_text(package, script), "text/javascript")
            for script in scripts
        }
        self._environment = environment(package, "quality.web")
        self._about = {
            "application": name,
            "links": links,
            "scripts": scripts,
            "root": self.root,
            "banner": banner,
        }
        # A redirect that adds or takes a slash would name the Host of the request.
        self.app = FastAPI(
            docs_url=None, redoc_url=None, openapi_url=None, redirect_slashes=False
        )
        self.app.add_exception_handler(HTTPException, self._refused)
        self.app.add_exception_handler(RequestValidationError, self._refused)
        self.app.add_exception_handler(405, lambda *_: self.to("/"))
        self.app.add_exception_handler(
            Exception, lambda _, error: self._failed(error)
        )  # and it is raised again

    def page(self, template: str, code: int = 200, /, **values: Any) -> Response:
        """A page of a template, with a status code."""
        return HTMLResponse(
            self._environment.get_template(template).render(**self._about, **values),
            code,
        )

    def to(self, path: str) -> Response:
        """A redirect to another page."""
        return RedirectResponse(self.root + path, 303)

    def refusal(self, status: int, text: str = "") -> Response:
        """An error page; each line of the text is a paragraph."""
        paragraphs = (
            text or self._reasons.get(status, self._reasons[400])
        ).splitlines()
        return self.page(
            "page.html.j2",
            status,
            title=_TITLES.get(status, _TITLES[500]),
            paragraphs=paragraphs,
        )

    def _refused(self, _: object, error: Exception) -> Response:
        """The framework's own answer would repeat what was sent."""
        return self.refusal(
            error.status_code if isinstance(error, HTTPException) else 400
        )

    def _failed(self, error: Exception) -> Response:
        """The text of a LeoError is shown; that of any other error is not."""
        return self.refusal(
            500,
            f"{error}\nYour last action was not saved."
            if isinstance(error, LeoError)
            else "",
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or refuse it."""
        is_started = False

        async def send_with_headers(message: Message) -> None:
            nonlocal is_started
            if message["type"] == "http.response.start":
                is_started = True
                MutableHeaders(scope=message).update(HEADERS)
            await send(message)

        try:
            await (self._answer(scope) if scope["type"] == "http" else self.app)(
                scope, receive, send_with_headers
            )
        except Exception as error:
            place = extract_tb(error.__traceback__)[-1]
            _log.error(
                "%s in %s, line %s", type(error).__name__, place.name, place.lineno
            )
            if not is_started:
                await self._failed(error)(scope, receive, send_with_headers)

    def _answer(self, scope: Scope) -> ASGIApp:
        """The application with a session, a style sheet or script, a new session, or a
        refusal.
        """
        request, path = Request(scope), str(scope["path"])
        cookie = f"leo-{request.url.port or 80}"
        if request.url.hostname not in HOSTS:
            return self.refusal(403, "This application answers on this machine only.")
        if request.method not in ("GET", "HEAD") and not _is_same_origin(request):
            return self.refusal(403, "This form was sent from another site.")
        if path.startswith(_ASSETS):
            text, kind = self._assets.get(path.removeprefix(_ASSETS), ("", ""))
            return Response(text, media_type=kind) if kind else self.refusal(404)
        if path == "/" and hmac.compare_digest(
            request.query_params.get("token", "").encode(), self._token.encode()
        ):
            session = secrets.token_urlsafe(24)
            self._sessions[session] = {}
            response = self.to("/")
            response.set_cookie(
                cookie, session, path=self.root, httponly=True, samesite="strict"
            )
            return response
        session = request.cookies.get(cookie, "")
        if path.startswith(f"{self.root}/") and session in self._sessions:
            scope.update(
                path=path.removeprefix(self.root), session=self._sessions[session]
            )
            return self.app
        return self.refusal(
            403, "Open the address that the command printed: it holds the token."
        )


def _is_same_origin(request: Request) -> bool:
    """Whether one of our pages sent a form (CSRF). A client that sends neither header
    is not a browser.
    """
    site = request.headers.get("sec-fetch-site", "same-origin")
    return site == "same-origin" and request.headers.get("origin") in (
        None,
        f"http://{request.headers.get('host')}",
    )


def check_port(port: int) -> None:
    """Check that a port is free, before work that takes long.

    Raises:
        LeoError: it is taken.
    """
    _bound(port).close()


def _bound(port: int) -> socket.socket:
    try:
        return socket.create_server((ADDRESS, port))
    except OSError:
        raise LeoError(
            f"port {port} is taken\n  give another: --port 0 takes any that is free"
        ) from None


def serve(
    make: Callable[[str], ASGIApp], port: int, ready: Callable[[str], None]
) -> None:
    """Serve until Ctrl-C.

    Args:
        make: token to the application behind it.
        port: 0 takes any that is free.
        ready: called with the address to open, which holds the token. Where standard
            output is no terminal it may be a log that others read: `ready` then gets
            the path of a file that only its owner can read.

    Raises:
        LeoError: the port is taken.
    """
    token = secrets.token_urlsafe(24)
    with (
        _bound(port) as listener,
        tempfile.NamedTemporaryFile("w", prefix="leo-", suffix=".url") as file,
    ):
        logging.getLogger("uvicorn.error").setLevel(
            logging.CRITICAL
        )  # its messages may quote a request
        config = uvicorn.Config(
            make(token),
            log_config=None,
            access_log=False,
            server_header=False,
            ws="none",
        )
        address = f"http://{ADDRESS}:{listener.getsockname()[1]}/?token={token}"
        file.write(f"{address}\n")
        file.flush()
        ready(address if sys.stdout.isatty() else f"the address in {file.name}")
        uvicorn.Server(config).run(sockets=[listener])
