"""Templates of an application, and the application that serves its styles and error pages."""

from collections.abc import Mapping, Sequence
from typing import Any

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from starlette.exceptions import HTTPException

from linkage.errors import LeoError
from quality.report.document import environment, report_style, template_text
from quality.web.guard import FAILED, STYLES

_TITLES = {403: "You cannot do this", 404: "Page not found", 400: "Something is missing"}
_REASONS = {404: "There is no such page.", 400: "The form is incomplete."}


class Pages:
    """Templates of an application in the report's style.

    Args:
        package: its templates/ holds the application's own.
        application: name shown at the top of each page.
        links: text to address, of the navigation.
        scripts: files of the package's templates/.
        styles: file to the package whose templates/ holds it.

    Attributes:
        assets: name to text and media type.
    """

    def __init__(
        self,
        package: str,
        application: str,
        links: Mapping[str, str],
        *,
        scripts: Sequence[str] = (),
        styles: Mapping[str, str] | None = None,
    ) -> None:
        sheets = {
            name: template_text(holder, name)
            for name, holder in {"application.css": "quality.web", **(styles or {})}.items()
        }
        self.assets = {"style.css": (report_style() + "".join(sheets.values()), "text/css")}
        self.assets |= {name: (template_text(package, name), "text/javascript") for name in scripts}
        self._environment = environment(package, "quality.web")
        self._about = {"application": application, "links": links, "scripts": scripts}

    def render(self, template: str, **values: Any) -> str:
        """A page as HTML."""
        return self._environment.get_template(template).render(**self._about, **values)

    def refusal(self, status: int, reason: str) -> str:
        """An error page; each line of the reason is a paragraph."""
        title = _TITLES.get(status, "Something went wrong")
        return self.render("refusal.html.j2", title=title, paragraphs=reason.splitlines())


def web_application(pages: Pages, reasons: Mapping[int, str] | None = None) -> FastAPI:
    """An application that serves its styles and scripts, and pages instead of the framework's error messages.

    GET on an address of a form leads home. The text of a LeoError is shown; that of any other error is not.

    Args:
        reasons: status code to the text of its error page.
    """
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
    texts = {**_REASONS, **(reasons or {})}

    def refused(_: object, error: Exception) -> Response:
        """The framework's own answer would repeat what was sent."""
        status = error.status_code if isinstance(error, HTTPException) else 400
        return HTMLResponse(pages.refusal(status, texts.get(status, _REASONS[400])), status)

    def failed(_: object, error: Exception) -> Response:
        text = f"{error}\nYour last action was not saved." if isinstance(error, LeoError) else FAILED
        return HTMLResponse(pages.refusal(500, text), 500)

    app.add_exception_handler(HTTPException, refused)
    app.add_exception_handler(RequestValidationError, refused)
    app.add_exception_handler(405, lambda *_: RedirectResponse("/", 303))
    app.add_exception_handler(Exception, failed)

    @app.get(STYLES + "{name}")
    def asset(name: str) -> Response:
        if name not in pages.assets:
            raise HTTPException(404)
        text, kind = pages.assets[name]
        return Response(text, media_type=kind)

    return app
