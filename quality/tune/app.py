"""The tuning application: which page answers, what each form does.

What is being tried is kept by the application, so that every page shows it and nothing
of it is in an address.
"""

import threading
from collections.abc import Mapping, Sequence
from typing import Annotated

from fastapi import Form, Request
from fastapi.responses import Response
from starlette.exceptions import HTTPException

from quality.report.names import Names
from quality.tune.pages import TunePages
from quality.tune.session import Saved, TuneSession
from quality.tune.settings import Fault, Settings, settings_of_form, sums_off
from quality.web import WebApplication

_MOST_UNDONE = 100  # changes
_LONGEST_NOTE = 1_000  # characters
_LONGEST_FIELD = 40  # characters of a field that are shown again
_LARGEST_ID = 2**63 - 1  # BIGINT


class _Draft:
    """The settings being tried, and those tried before."""

    def __init__(self, session: TuneSession) -> None:
        self._session = session
        self._tried = [session.settings]
        self.run = self.outcome = session.outcome(session.settings)
        self.saved: Saved | None = None

    @property
    def settings(self) -> Settings:
        return self._tried[-1]

    def take(self, settings: Settings) -> None:
        if settings != self.settings:
            self._tried = [*self._tried[-_MOST_UNDONE:], settings]
            self.outcome = self._session.outcome(settings)

    def undo(self) -> None:
        if len(self._tried) > 1:
            self._tried.pop()
            self.outcome = self._session.outcome(self.settings)


def application(session: TuneSession, names: Names, token: str) -> WebApplication:
    """The application, ready to be served."""
    web = WebApplication(
        "quality.tune",
        "tuning",
        {"Step": "/"},
        token,
        styles=[("quality.report", "bars.css"), ("quality.tune", "tune.css")],
        banner=session.banner,
    )
    app, pages, draft = web.app, TunePages(session, names), _Draft(session)
    model, lock = (
        session.opened.model,
        threading.RLock(),
    )  # pages are answered by several threads

    def step_page(
        faults: Sequence[Fault] = (), form: Mapping[str, str] | None = None
    ) -> Response:
        short = {
            name: value[:_LONGEST_FIELD] if name != "note" else value
            for name, value in (form or {}).items()
        }
        values = pages.step(draft.settings, draft.outcome, draft.run, faults, short)
        return web.page("tune.html.j2", 400 if faults else 200, **values)

    @app.get("/")
    def step() -> Response:
        with lock:
            return step_page()

    @app.post("/")
    async def change(request: Request) -> Response:
        form = {name: str(value) for name, value in (await request.form()).items()}
        with lock:
            settings, faults = settings_of_form(
                form, draft.settings, model, pages.level
            )
            if faults:
                return step_page(faults, form)
            draft.take(settings)
        return web.to("/")

    @app.post("/undo")
    def undo() -> Response:
        with lock:
            draft.undo()
        return web.to("/")

    @app.post("/reset")
    def reset() -> Response:
        with lock:
            draft.take(session.settings)
        return web.to("/")

    @app.post("/save")
    def save(note: Annotated[str, Form()] = "") -> Response:
        note = " ".join(note.split())
        with lock:
            note_fault = Fault(
                "note", f"Note: enter up to {_LONGEST_NOTE:,} characters"
            )
            faults = [] if 0 < len(note) <= _LONGEST_NOTE else [note_fault]
            of_run, sums = (
                sums_off(model, session.settings),
                sums_off(model, draft.settings),
            )
            faults += [
                Fault("model", f"{names.column(name)}: {sums[name]}")
                for name in sums
                if name not in of_run
            ]
            if faults:
                return step_page(faults, {"note": note})
            draft.saved = session.save(draft.settings, note)
        return web.to("/saved")

    @app.get("/saved")
    def saved() -> Response:
        with lock:
            last = draft.saved
        return (
            web.page(
                "saved.html.j2", title=f"Saved as version {last.version}", saved=last
            )
            if last
            else web.to("/")
        )

    @app.get("/pairs/{left}/{right}")
    def pair(left: int, right: int) -> Response:
        if not (
            0 <= left <= _LARGEST_ID
            and 0 <= right <= _LARGEST_ID
            and session.has_units(left, right)
        ):
            raise HTTPException(404)
        with lock:
            return web.page(
                "tuned_pair.html.j2", **pages.pair(left, right, draft.settings)
            )

    return web
