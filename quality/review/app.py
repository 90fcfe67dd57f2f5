"""The review application: pairs of a sample, one at a time, blind, by keyboard or
mouse.

Every step is a form or a link: it works without a mouse and without scripts. A reviewer
sees neither the linkage's decision nor other answers before answering; an adjudicator
sees the reviewers' answers without their names.
"""

import threading
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from fastapi import Form, Request
from fastapi.responses import Response
from starlette.exceptions import HTTPException

from quality.report.names import Names
from quality.report.waterfall import likelihood, signed, waterfall
from quality.review.estimate import agreement, estimate_notes, estimate_rows
from quality.review.labels import ADJUDICATOR, ANSWERS, REVIEWER, ROLES, WITHDRAWN
from quality.review.queue import Queue
from quality.review.session import ReviewSession
from quality.web import WebApplication
from quality.web.side_by_side import side_by_side, side_titles

_LONGEST_NAME = 40  # characters
_NOT_WAITING = """This pair does not wait for your answer: others have answered it or will.
Review, above, leads to the next pair that does."""  # noqa: E501
_DECISIONS = {
    "accepted": "linked the two",
    "review": "sent the two to review",
    "rejected": "did not link the two",
}


@dataclass(frozen=True)
class Who:
    """The person at the browser: the name they gave, and their role."""

    name: str
    role: str

    @property
    def settles(self) -> bool:
        """Whether they are an adjudicator."""
        return self.role == ADJUDICATOR


class _NameNeeded(Exception):
    """Somebody without a name and role asked for a page of a reviewer."""


def application(
    session: ReviewSession, names: Names, token: str, *, doubled: float
) -> WebApplication:
    """The application, ready to be served.

    Args:
        doubled: share of the pairs that two reviewers answer.
    """
    web = WebApplication(
        "quality.review",
        "clerical review",
        {"Review": "/next", "Progress": "/progress", "Name and role": "/"},
        token,
        scripts=("review.js",),
        styles=[("quality.report", "bars.css"), ("quality.review", "review.css")],
        reasons={403: _NOT_WAITING},
        banner=session.banner,
    )
    app, sides = web.app, tuple(map(names.source, session.side_names))
    step = (
        f"{sides[0]} with itself"
        if sides[0] == sides[1]
        else f"{sides[0]} to {sides[1]}"
    )
    views: dict[Who, int] = {}  # the pair on each reviewer's screen
    lock = threading.Lock()  # pages are answered by several threads
    app.add_exception_handler(_NameNeeded, lambda *_: web.to("/"))

    def queue_now() -> Queue:
        return Queue(session.pairs, session.labels(), doubled)

    def who_of(request: Request) -> Who:
        user: Who | None = request.session.get("who")
        if user is None:
            raise _NameNeeded
        return user

    def next_for(queue: Queue, user: Who) -> int | None:
        return queue.next_for(
            user.name,
            user.role,
            {v.name: n for v, n in views.items() if v.role == user.role},
        )

    def check_waits(queue: Queue, place: int, user: Who) -> None:
        """An answer about the pair on the reviewer's screen counts, also where
        another's came first.
        """
        if not queue.may_answer(place, user.name, user.role) and (
            user.settles or views.get(user) != place
        ):
            raise HTTPException(403)

    def at(place: int) -> int:
        if not 1 <= place <= len(session.pairs):
            raise HTTPException(404)
        return place

    def last(queue: Queue, user: Who) -> dict[str, Any] | None:
        """The latest answer, which may be taken back. The verdict is not shown here: it
        would sway the next answer.
        """
        place = queue.last(user.name)
        return (
            None
            if place is None
            else {"place": place, "answer": queue.answer(place, user.name)}
        )

    def start_page(user: Who | None, fault: str = "") -> Response:
        title = ("Error: " if fault else "") + "Who is reviewing?"
        details = {"step": step, "run": session.run, "drawn": len(session.pairs)}
        return web.page(
            "start.html.j2",
            400 if fault else 200,
            title=title,
            who=user,
            fault=fault,
            **details,
        )

    def pair_page(template: str, place: int, title: str, **values: Any) -> Response:
        rows = side_by_side(*session.records(place))
        return web.page(
            template,
            place=place,
            title=title,
            rows=rows,
            sides=side_titles(*sides),
            **values,
        )

    def progress_page(
        user: Who, estimates: Mapping[str, Any] | None = None
    ) -> Response:
        queue = queue_now()
        return web.page(
            "progress.html.j2",
            title="Progress",
            who=user,
            step=step,
            progress=queue.progress(user.name),
            agreement=agreement(queue.standing),
            has_more=next_for(queue, user) is not None,
            last=last(queue, user),
            estimated=estimate_rows(estimates) if estimates else [],
            notes=estimate_notes(estimates) if estimates else [],
        )

    @app.get("/")
    def start(request: Request) -> Response:
        return start_page(request.session.get("who"))

    @app.post("/who")
    def who(
        request: Request,
        name: Annotated[str, Form()] = "",
        role: Annotated[str, Form()] = REVIEWER,
    ) -> Response:
        text = " ".join(name.split())
        if (
            not text
            or len(text) > _LONGEST_NAME
            or not text.isprintable()
            or role not in ROLES
        ):
            return start_page(
                Who(text, role), f"Enter a name of up to {_LONGEST_NAME} characters"
            )
        request.session["who"] = Who(queue_now().known_as(text), role)
        return web.to("/next")

    @app.post("/keys")
    def keys(
        request: Request, keys: Annotated[Literal["on", "off"], Form()]
    ) -> Response:
        request.session["keys"] = keys
        return web.to("/next")

    @app.get("/next")
    def following(request: Request) -> Response:
        user = who_of(request)
        with lock:
            place = next_for(queue_now(), user)
            if place is not None:
                views[user] = place
        return web.to(f"/pairs/{place}" if place else "/progress")

    @app.get("/pairs/{place}")
    def pair(place: int, request: Request) -> Response:
        user, queue = who_of(request), queue_now()
        answer, carried_label = (
            queue.answer(at(place), user.name),
            queue.carried.get(place),
        )
        if answer is not None or (
            carried_label and not queue.may_answer(place, user.name, user.role)
        ):
            facts = session.verdict(place)
            details = {
                "answer": answer,
                "carried": carried_label,
                "verdict": _verdict(facts, names),
            }
            title = f"Pair {place}, answered"
            return pair_page(
                "decided.html.j2",
                place,
                title,
                waterfall=waterfall(facts, names),
                **details,
            )
        check_waits(queue, place, user)
        views[user] = place
        return pair_page(
            "question.html.j2",
            place,
            f"Pair {place} of {len(session.pairs)}",
            answers=ANSWERS,
            given=queue.answers_of_reviewers(place) if user.settles else [],
            changed=queue.changed.get(place),
            who=user,
            has_keys=request.session.get("keys") != "off",
            last=last(queue, user),
        )

    @app.post("/pairs/{place}")
    def answer(
        place: int, request: Request, answer: Annotated[str, Form()] = ""
    ) -> Response:
        user = who_of(request)
        check_waits(queue_now(), at(place), user)
        if answer not in ANSWERS:
            raise HTTPException(400)
        session.add(place, answer, user.name, user.role)
        return web.to("/next")

    @app.post("/pairs/{place}/withdraw")
    def withdraw(place: int, request: Request) -> Response:
        user = who_of(request)
        if (
            queue_now().answer(at(place), user.name) is not None
        ):  # else it was taken back in another tab
            session.add(place, WITHDRAWN, user.name, user.role)
        return web.to(f"/pairs/{place}")

    @app.get("/progress")
    @app.get("/estimate")
    def progress(request: Request) -> Response:
        return progress_page(who_of(request))

    @app.post("/estimate")
    def estimate(request: Request) -> Response:
        return progress_page(
            who_of(request), session.estimate() if session.labels() else None
        )

    return web


def _verdict(verdict: Mapping[str, Any], names: Names) -> str:
    """What the linkage decided about a pair, in a sentence."""
    text = (
        f"The linkage {_DECISIONS[verdict['decision']]}, by "
        f"{names.words(verdict['made_by'])}"
    )
    text += f" ({verdict['reason']})" if verdict["reason"] else ""
    if verdict["match_weight"] is None:
        return f"{text}; the pair has no match weight."
    text += f"; match weight {signed(verdict['match_weight'])}"
    probability = verdict["match_probability"]
    return (
        f"{text}."
        if probability is None
        else f"{text}, match probability {likelihood(probability)}."
    )
