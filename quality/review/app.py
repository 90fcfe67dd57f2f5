"""The review application: pairs of a sample, one at a time, blind, by keyboard or mouse.

Every step is a form or a link: it works without a mouse and without scripts. A reviewer sees neither the linkage's
decision nor other answers before answering; an adjudicator sees the reviewers' answers without their names.
"""

from typing import Annotated, Literal
from urllib.parse import quote, unquote

from fastapi import FastAPI, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from starlette.exceptions import HTTPException

from quality.report.names import Names
from quality.review.labels import ANSWERS, REVIEWER, ROLES, WITHDRAWN
from quality.review.pages import ReviewPages, Who
from quality.review.session import ReviewSession
from quality.web import Guard, cookie_of, web_application

_WHO, _KEYS = "leo-reviewer", "leo-keys"  # cookies
_LONGEST_NAME = 40  # characters
_NOT_WAITING = """This pair does not wait for your answer: others have answered it or will.
Review, above, leads to the next pair that does."""


class _NameNeeded(Exception):
    """Somebody without a name and role asked for a page of a reviewer."""


def application(session: ReviewSession, names: Names, token: str, *, doubled: float) -> Guard:
    """The application, ready to be served.

    Args:
        doubled: share of the pairs that two reviewers answer.
    """
    pages = ReviewPages(session, names, doubled)
    app = web_application(pages.pages, {403: _NOT_WAITING})
    app.add_exception_handler(_NameNeeded, lambda *_: _to("/"))
    _add_start(app, pages)
    _add_pairs(app, pages, session)
    _add_progress(app, pages, session)
    return Guard(app, token, pages.pages.refusal)


def _add_start(app: FastAPI, pages: ReviewPages) -> None:
    @app.get("/")
    def start(request: Request) -> Response:
        return HTMLResponse(pages.start(_known(request)))

    @app.post("/who")
    def who(request: Request, name: Annotated[str, Form()] = "", role: Annotated[str, Form()] = REVIEWER) -> Response:
        chosen = " ".join(name.split())
        if not chosen or len(chosen) > _LONGEST_NAME or not chosen.isprintable() or role not in ROLES:
            fault = f"Enter a name of up to {_LONGEST_NAME} characters"
            return HTMLResponse(pages.start(Who(chosen, role), fault), 400)
        return _remember(request, _WHO, quote(f"{role}:{pages.queue().known_as(chosen)}"))

    @app.post("/keys")
    def keys(request: Request, keys: Annotated[Literal["on", "off"], Form()]) -> Response:
        return _remember(request, _KEYS, keys)


def _add_pairs(app: FastAPI, pages: ReviewPages, session: ReviewSession) -> None:
    def at(place: int) -> int:
        if not 1 <= place <= len(session.pairs):
            raise HTTPException(404)
        return place

    def check_waits(place: int, who: Who) -> None:
        if not pages.queue().may_answer(at(place), who.name, who.role):
            raise HTTPException(403)

    @app.get("/next")
    def following(request: Request) -> Response:
        place = pages.take_next(_who(request))
        return _to(f"/pairs/{place}" if place else "/progress")

    @app.get("/pairs/{place}")
    def pair(place: int, request: Request) -> Response:
        who, queue = _who(request), pages.queue()
        waits = queue.may_answer(at(place), who.name, who.role)
        if queue.answer(place, who.name) is not None or (queue.carried(place) and not waits):
            return HTMLResponse(pages.decided(place, who))
        check_waits(place, who)
        has_keys = request.cookies.get(cookie_of(_KEYS, request.headers["host"])) != "off"
        return HTMLResponse(pages.question(place, who, has_keys=has_keys))

    @app.post("/pairs/{place}")
    def answer(place: int, request: Request, answer: Annotated[str, Form()] = "") -> Response:
        who = _who(request)
        check_waits(place, who)
        if answer not in ANSWERS:
            raise HTTPException(400)
        session.add(place, answer, who.name, who.role)
        return _to("/next")

    @app.post("/pairs/{place}/withdraw")
    def withdraw(place: int, request: Request) -> Response:
        who = _who(request)
        if pages.queue().answer(at(place), who.name) is not None:  # else it was taken back in another tab
            session.add(place, WITHDRAWN, who.name, who.role)
        return _to(f"/pairs/{place}")


def _add_progress(app: FastAPI, pages: ReviewPages, session: ReviewSession) -> None:
    @app.get("/progress")
    def progress(request: Request) -> Response:
        return HTMLResponse(pages.progress(_who(request)))

    @app.get("/estimate")
    def estimates() -> Response:
        return _to("/progress#estimates")

    @app.post("/estimate")
    def estimate(request: Request) -> Response:
        return HTMLResponse(pages.progress(_who(request), session.estimate() if session.labels() else None))


def _known(request: Request) -> Who | None:
    cookie = request.cookies.get(cookie_of(_WHO, request.headers["host"]), "")
    role, _, name = unquote(cookie).partition(":")
    return Who(name, role) if name and role in ROLES else None


def _who(request: Request) -> Who:
    who = _known(request)
    if who is None:
        raise _NameNeeded
    return who


def _to(address: str) -> Response:
    return RedirectResponse(address, 303)


def _remember(request: Request, cookie: str, value: str) -> Response:
    response = _to("/next")
    response.set_cookie(cookie_of(cookie, request.headers["host"]), value, httponly=True, samesite="strict")
    return response
