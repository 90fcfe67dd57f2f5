"""The addresses of clerical review: which page answers, what each form does.

Every step is a form or a link: it works without a mouse and without scripts. Nobody sees what the linkage made of a
pair, nor what others said of it, before having answered; an adjudicator sees what reviewers said, and not who.
"""

from typing import Annotated, Literal
from urllib.parse import quote, unquote

from fastapi import FastAPI, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from starlette.exceptions import HTTPException

from quality.report.names import Names
from quality.review import ADJUDICATOR, ANSWERS, REVIEWER, ROLES, WITHDRAWN
from quality.review.app.desk import Desk
from quality.review.app.showing import Showing, Who
from quality.web import Guard, cookie_of, shell

_WHO, _KEYS = "leo-reviewer", "leo-keys"
_LONGEST = 40  # characters of a reviewer's name
_WAITS_FOR_OTHERS = """This pair does not wait for an answer of yours: others have answered or settled it, or are to.
Review, above, leads to the next that does."""


def application(desk: Desk, names: Names, token: str, *, doubled: float) -> Guard:
    """The application, ready to be served.

    Args:
        names: how sources and passes are called.
        token: lets a browser in.
        doubled: share of the pairs that two reviewers are to answer.
    """
    showing = Showing(desk, names, doubled)
    app = shell(showing.pages, {403: _WAITS_FOR_OTHERS})
    _add_start(app, showing)
    _add_pairs(app, showing, desk)
    _add_progress(app, showing, desk)
    return Guard(app, token, showing.pages.refusal)


def _add_start(app: FastAPI, showing: Showing) -> None:
    @app.get("/")
    def start(request: Request) -> Response:
        return HTMLResponse(showing.start(_who(request)))

    @app.post("/who")
    def who(request: Request, name: Annotated[str, Form()] = "", role: Annotated[str, Form()] = REVIEWER) -> Response:
        chosen = " ".join(name.split())
        if not chosen or len(chosen) > _LONGEST or not chosen.isprintable() or role not in ROLES:
            page = showing.start(Who(chosen, role), fault=f"Enter a name of up to {_LONGEST} characters")
            return HTMLResponse(page, 400)
        return _remembering(request, _WHO, quote(f"{role}:{showing.known_as(chosen)}"), "/next")

    @app.post("/keys")
    def keys(request: Request, keys: Annotated[Literal["on", "off"], Form()]) -> Response:
        return _remembering(request, _KEYS, keys, "/next")


def _add_pairs(app: FastAPI, showing: Showing, desk: Desk) -> None:
    @app.get("/next")
    def following(request: Request) -> Response:
        who = _who(request)
        if who is None:
            return _to("/")
        place = showing.take_next(who)
        return _to(f"/pairs/{place}" if place else "/progress")

    @app.get("/pairs/{place}")
    def pair(place: int, request: Request) -> Response:
        who = _who(request)
        if who is None:
            return _to("/")
        _exists(desk, place)
        if _is_open_to(showing, place, who):
            return HTMLResponse(showing.decided(place, who))
        _waits(showing, place, who)
        return HTMLResponse(showing.question(place, who, has_keys=_remembered(request, _KEYS) != "off"))

    @app.post("/pairs/{place}")
    def answer(place: int, request: Request, answer: Annotated[str, Form()] = "") -> Response:
        who = _who(request)
        if who is None:
            return _to("/")
        _exists(desk, place)
        _waits(showing, place, who)
        if answer not in ANSWERS:
            raise HTTPException(400)
        desk.add(place, answer, who.name, who.role)
        return _to("/next")

    @app.post("/pairs/{place}/withdraw")
    def withdraw(place: int, request: Request) -> Response:
        who = _who(request)
        if who is None:
            return _to("/")
        _exists(desk, place)
        if showing.has_answered(place, who):  # pressed again, or in a second tab, there is nothing to take back
            desk.add(place, WITHDRAWN, who.name, who.role)
        return _to(f"/pairs/{place}")

    @app.get("/pairs/{place}/why")
    def why(place: int, request: Request) -> Response:
        who = _who(request)
        if who is None:
            return _to("/")
        _exists(desk, place)
        if not _is_open_to(showing, place, who):
            raise HTTPException(403)
        return HTMLResponse(showing.why(place))


def _add_progress(app: FastAPI, showing: Showing, desk: Desk) -> None:
    @app.get("/progress")
    def progress(request: Request) -> Response:
        who = _who(request)
        return _to("/") if who is None else HTMLResponse(showing.progress(who))

    @app.get("/estimate")
    def estimates() -> Response:
        return _to("/progress#estimates")

    @app.post("/estimate")
    def estimate(request: Request) -> Response:
        who = _who(request)
        if who is None:
            return _to("/")
        has_labels = bool(desk.labels())
        return HTMLResponse(showing.progress(who, desk.estimate() if has_labels else None))


def _is_open_to(showing: Showing, place: int, who: Who) -> bool:
    """Whether somebody may see what the linkage made of a pair: it waits for no answer of theirs any more."""
    before = showing.was_answered_before(place) and not showing.waits_for(place, who)
    return showing.has_answered(place, who) or before


def _exists(desk: Desk, place: int) -> None:
    if not 1 <= place <= len(desk.pairs):
        raise HTTPException(404)


def _waits(showing: Showing, place: int, who: Who) -> None:
    if not showing.waits_for(place, who):
        raise HTTPException(403)


def _who(request: Request) -> Who | None:
    role, _, name = unquote(_remembered(request, _WHO)).partition(":")
    return Who(name, role) if name and role in (REVIEWER, ADJUDICATOR) else None


def _to(address: str) -> Response:
    return RedirectResponse(address, 303)


def _remembered(request: Request, cookie: str) -> str:
    return request.cookies.get(cookie_of(cookie, request.headers["host"]), "")


def _remembering(request: Request, cookie: str, value: str, address: str) -> Response:
    answer = _to(address)
    answer.set_cookie(cookie_of(cookie, request.headers["host"]), value, httponly=True, samesite="strict")
    return answer
