"""An application before it has pages of its own: what it serves beside them, and how it refuses."""

from collections.abc import Mapping

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from starlette.exceptions import HTTPException

from linkage.errors import LeoError
from quality.web.guard import FAILED, STYLES
from quality.web.pages import Pages


def shell(pages: Pages, said: Mapping[int, str]) -> FastAPI:
    """An application that serves the styles and scripts of its pages, and none of a framework's own pages.

    An address that forms alone are sent to leads home when it is opened. What goes wrong is told by a page, and raised
    again for the guard to log: an error of ours by its own words, any other by none.

    Args:
        said: status code to why something is refused, where that is to be told in other words.
    """
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
    reasons = {404: "There is no such page.", **said}

    def refused(_: object, error: Exception) -> Response:
        """A page in place of what a form lacked: the framework's own answer would repeat what was sent."""
        status = error.status_code if isinstance(error, HTTPException) else 400
        return HTMLResponse(pages.refusal(status, reasons.get(status, "The form that was sent is not whole.")), status)

    def failed(_: object, error: Exception) -> Response:
        own = f"{error}\nWhat you did last was not taken in." if isinstance(error, LeoError) else ""
        return HTMLResponse(pages.refusal(500, own or FAILED), 500)

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
